"""Connections to one SQLite file, lent to one thread at a time, never carried over a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import KeyStoreUnusable
from .secretfiles import private_folder

BUSY_S = 60.0
"""How long a writer waits for another."""


class Connections:
    """A pool of connections. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._inherited: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close what is idle; the next use would open anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def lend(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection in autocommit mode.

        Args:
            durable: whether what is written must outlive a loss of power; counting uses need not.
        """
        connection = self._take()
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            yield connection
        except BaseException:
            with suppress(sqlite3.Error):
                connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one write transaction, which is rolled back when an error leaves it."""
        with self.lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._owner != os.getpid():
                # SQLite's connections must not cross a fork, and closing one here would let go of the parent's locks.
                self._inherited += self._idle
                self._idle = []
                self._owner = os.getpid()
            if self._idle:
                return self._idle.pop()
        return self._opened()

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
