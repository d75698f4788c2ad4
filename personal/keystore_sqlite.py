"""A store of keys in one SQLite file (write-ahead log): for the processes of one machine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import KeyStoreUnusable
from .keystore_database import Pool, Session
from .keystore_sql import SqlKeyStore
from .masterkeys import KeyWrapper
from .secretfiles import private_folder

FILE = Path("keys") / "people.sqlite"
BUSY_S = 60.0
"""How long a writer waits for another."""


class SqliteKeyStore(SqlKeyStore):
    """A store in one file. Thread-safe, fork-safe."""

    def __init__(self, path: Path, master: KeyWrapper) -> None:
        """A store in this file, which the first use makes where it is not there."""
        super().__init__(SqliteDatabase(path), master)
        self._file = path.name

    def __repr__(self) -> str:
        return f"SqliteKeyStore({self._file})"


class SqliteDatabase(Pool[sqlite3.Connection]):
    """See :class:`~personal.keystore_database.Database`."""

    schema: Sequence[str] = (
        "CREATE TABLE IF NOT EXISTS people (tenant TEXT NOT NULL, subject BLOB NOT NULL, "
        "pseudonym TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, wrapped BLOB NOT NULL, "
        "uses INTEGER NOT NULL, PRIMARY KEY (tenant, subject)) WITHOUT ROWID",
        "CREATE INDEX IF NOT EXISTS people_version ON people (version)",
        "CREATE TABLE IF NOT EXISTS erased (pseudonym TEXT PRIMARY KEY, tenant TEXT NOT NULL, "
        "at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, version INTEGER NOT NULL, wrapped BLOB)",
    )
    agreed = ""  # one transaction writes at a time

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @contextmanager
    def lend(self, *, durable: bool = True) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        with self._guarded(), self.borrowed() as (connection, _):
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        with self.lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        with self.lend() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def made(self) -> bool:
        """See :class:`~personal.keystore_database.Database`."""
        with self.lend() as connection:
            query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('people', 'erased', 'state')"
            return bool(connection.execute(query).fetchone()[0] == 3)

    def making(self) -> AbstractContextManager[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        return self.transaction()

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """See :class:`~personal.keystore_database.Database`."""
        private_folder(self._path.parent)
        with FileLock(self._path.with_name(f"{self._path.name}.rotating")):
            yield

    def scrub(self) -> None:
        """Bring what was overwritten into the file and cut the log, which still has the old pages."""
        with self.lend() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _opened(self) -> sqlite3.Connection:
        self._made_once()
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            # SQLite answers "locked" at once, without waiting, when two processes switch a file to write-ahead
            # logging at the same time: they take turns.
            with FileLock(self._path.with_name(f"{self._path.name}.opening"), timeout=BUSY_S, mode=0o600):
                connection.execute("PRAGMA journal_mode = WAL")
        except Timeout as error:
            connection.close()
            raise KeyStoreUnusable(f"{self._path}: another process has been opening it for {BUSY_S:g} s") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _shut(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            connection.close()

    def _made_once(self) -> None:
        """Make an empty file that only its owner reads. A file that is there is not touched: to close any descriptor
        of it lets go of the locks that this process's other connections hold."""
        try:
            private_folder(self._path.parent)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise KeyStoreUnusable(f"{self._path}: cannot be opened ({error.strerror})") from error

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The driver's own words may quote values.
            raise KeyStoreUnusable(f"{self._path}: cannot be used ({type(error).__name__})") from None
