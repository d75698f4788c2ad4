"""A store of keys in PostgreSQL: for the processes of several machines.

The tables lie in a schema of their own. ``psycopg`` comes with the extra ``postgres``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from .errors import KeyStoreUnusable
from .keystore_database import ConnectionLost, Cursor, Pool, Session
from .keystore_sql import SqlKeyStore
from .masterkeys import KeyWrapper

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as missing:
    raise KeyStoreUnusable("a key store in PostgreSQL needs: pip install 'hybridrank[postgres]'") from missing

SCHEMA = "hybridrank"
MOST = 8
"""Connections of one process."""
PAUSE_S = 1.0
"""For how long nobody tries to connect after a failure, so that requests are refused at once and not one by one."""
_MAKING, _ROTATING = 0x68797201, 0x68797202
_LIMITS: Mapping[str, int] = {"connect_timeout": 3, "tcp_user_timeout": 10_000, "keepalives_idle": 30}
_WAITS = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"


class PostgresKeyStore(SqlKeyStore):
    """A store in PostgreSQL. Thread-safe, fork-safe."""

    def __init__(self, url: str, master: KeyWrapper) -> None:
        """A store at this address; the first use connects.

        Args:
            url: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE`` as libpq reads it.
            master: the master keys.

        Raises:
            KeyStoreUnusable: libpq cannot read the address.
        """
        database = PostgresDatabase(url)
        super().__init__(database, master)
        self._where = database.where

    def __repr__(self) -> str:
        return f"PostgresKeyStore({self._where})"


class _Session:
    """Statements with ``?`` for a driver that writes ``%s``; none of ours has either within a text."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[str | bytes | int | None] = (), /) -> Cursor:
        return self._connection.execute(statement.replace("?", "%s").encode(), values)

    def executemany(self, statement: str, rows: Sequence[Sequence[str | bytes | int]], /) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s").encode(), rows)


class PostgresDatabase(Pool[psycopg.Connection[Any]]):
    """See :class:`~personal.keystore_database.Database`.

    Attributes:
        where: host and database, to be shown; no user and no password.
    """

    schema: Sequence[str] = (
        "CREATE TABLE IF NOT EXISTS people (tenant TEXT NOT NULL, subject BYTEA NOT NULL, "
        "pseudonym TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, wrapped BYTEA NOT NULL, "
        "uses BIGINT NOT NULL, PRIMARY KEY (tenant, subject))",
        "CREATE INDEX IF NOT EXISTS people_version ON people (version)",
        "CREATE TABLE IF NOT EXISTS erased (pseudonym TEXT PRIMARY KEY, tenant TEXT NOT NULL, at BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, version INTEGER NOT NULL, wrapped BYTEA)",
    )
    agreed = " FOR SHARE"

    def __init__(self, url: str) -> None:
        super().__init__(most=MOST)
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            # The driver's own words quote the address, password included.
            raise KeyStoreUnusable(
                "the address of the key store cannot be read; it is postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            ) from None
        options = f"{given.pop('options', None) or ''} -c search_path={SCHEMA} {_WAITS}"
        self._arguments: dict[str, Any] = {**_LIMITS, "application_name": "hybridrank", **given, "options": options}
        self.where = f"PostgreSQL {given.get('host', 'of this machine')}/{given.get('dbname', '')}"
        self._failed_at = -PAUSE_S
        self._failing = threading.Lock()

    @contextmanager
    def lend(self, *, durable: bool = True) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`. What is committed is durable, asked for or not."""
        with self._connected() as connection:
            yield _Session(connection)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`. Transactions of several processes run side by side."""
        with self._connected() as connection, connection.transaction():
            yield _Session(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        with self.transaction() as session:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield session

    def made(self) -> bool:
        """See :class:`~personal.keystore_database.Database`."""
        with self.lend() as session:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename IN ('people', 'erased', 'state')"
            return bool(session.execute(query, (SCHEMA,)).fetchone()[0] == 3)

    def making(self) -> AbstractContextManager[Session]:
        """See :class:`~personal.keystore_database.Database`."""
        return self._alone_until_done()

    @contextmanager
    def _alone_until_done(self) -> Iterator[Session]:
        # "IF NOT EXISTS" alone fails when two sessions make the same table at once.
        with self.transaction() as session:
            session.execute("SELECT pg_advisory_xact_lock(?)", (_MAKING,))
            if session.execute("SELECT to_regnamespace(?)", (SCHEMA,)).fetchone()[0] is None:
                session.execute(f"CREATE SCHEMA {SCHEMA}")
            yield session

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """See :class:`~personal.keystore_database.Database`. The lock is the connection's, and goes with it."""
        with self.lend() as session:
            session.execute("SET statement_timeout = 0")
            session.execute("SET lock_timeout = 0")
            session.execute("SELECT pg_advisory_lock(?)", (_ROTATING,))
            try:
                yield
            finally:
                session.execute("SELECT pg_advisory_unlock(?)", (_ROTATING,))
                session.execute("RESET statement_timeout")
                session.execute("RESET lock_timeout")

    def scrub(self) -> None:
        """Nothing: PostgreSQL overwrites old rows when it vacuums, and its log when that is recycled."""

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        kept = False
        try:
            with self.borrowed() as (connection, kept):
                yield connection
        except psycopg.Error as error:
            # The driver's own words may quote values.
            words = f"{self.where}: the key store cannot be used ({_named(error)})"
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and kept and connection.broken:
                self.close()  # the others are as old
                raise ConnectionLost(words) from None
            raise KeyStoreUnusable(words) from None

    def _opened(self) -> psycopg.Connection[Any]:
        with self._failing:
            if time.monotonic() - self._failed_at < PAUSE_S:
                raise KeyStoreUnusable(f"{self.where}: the key store did not answer just now")
        try:
            return psycopg.connect(**self._arguments, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError:
            with self._failing:
                self._failed_at = time.monotonic()
            raise

    def _shut(self, connection: psycopg.Connection[Any]) -> None:
        with suppress(psycopg.Error):
            connection.close()


def _named(error: psycopg.Error) -> str:
    return f"{type(error).__name__}, {error.sqlstate}" if error.sqlstate else type(error).__name__
