"""What a store of keys needs of a database, and connections that are lent to one thread at a time, in one process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, Protocol, TypeVar

from .errors import KeyStoreUnusable

C = TypeVar("C")


class ConnectionLost(KeyStoreUnusable):
    """A connection that was kept open does not work any more; with a new one the step may be done again."""


class Cursor(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or ``None``."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...


class Session(Protocol):
    """Runs statements, whose values stand as ``?``."""

    def execute(self, statement: str, values: Sequence[str | bytes | int | None] = (), /) -> Cursor:
        """Run one."""
        ...

    def executemany(self, statement: str, rows: Sequence[Sequence[str | bytes | int]], /) -> object:
        """Run one for each row of values, without waiting between them where the database can do that."""
        ...


class Database(Protocol):
    """A database with the tables of a store. Thread-safe, fork-safe.

    Every method raises :class:`~personal.errors.KeyStoreUnusable` when the database does not work, in words that quote
    nothing of what is stored and no password.
    """

    schema: Sequence[str]
    """Statements that make the tables where they are not there."""
    agreed: str
    """What ends a query of a row that must stay as it is until the transaction ends."""

    def lend(self, *, durable: bool = True) -> AbstractContextManager[Session]:
        """Lend a connection, each of whose statements stands for itself.

        Args:
            durable: whether what is written must outlive a loss of power; counting uses need not.
        """
        ...

    def transaction(self) -> AbstractContextManager[Session]:
        """Lend a connection inside one write transaction, which is rolled back when an error leaves it."""
        ...

    def snapshot(self) -> AbstractContextManager[Session]:
        """Lend a connection whose reads all see one moment."""
        ...

    def made(self) -> bool:
        """Whether the tables are there."""
        ...

    def making(self) -> AbstractContextManager[Session]:
        """Lend a connection to make the tables with, to one process at a time."""
        ...

    def rotating(self) -> AbstractContextManager[None]:
        """Keep other rotations out."""
        ...

    def scrub(self) -> None:
        """Have what was deleted or replaced overwritten, as far as the database can be told to."""
        ...

    def close(self) -> None:
        """Close what is idle; the next use opens anew."""
        ...


class Pool(Generic[C]):
    """Open connections. Thread-safe.

    Args:
        most: how many are lent at once; ``None`` for any number.
        wait_s: how long one waits for a connection.
    """

    def __init__(self, *, most: int | None = None, wait_s: float = 10.0) -> None:
        self._most = most
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._idle: list[C] = []
        self._inherited: list[C] = []
        self._free = threading.BoundedSemaphore(most) if most is not None else None

    def close(self) -> None:
        """Close what is idle; the next use opens anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._shut(connection)

    @contextmanager
    def borrowed(self) -> Iterator[tuple[C, bool]]:
        """Lend a connection, and whether it had been used before. One that an error leaves is closed.

        Raises:
            KeyStoreUnusable: all are lent for too long, or none can be opened.
        """
        self._after_fork()
        free = self._free
        if free is not None and not free.acquire(timeout=self._wait_s):
            raise KeyStoreUnusable(f"the key store's {self._most} connections have been busy for {self._wait_s:g} s")
        try:
            with self._lock:
                kept = self._idle.pop() if self._idle else None
            connection = kept if kept is not None else self._opened()
            try:
                yield connection, kept is not None
            except BaseException:
                self._shut(connection)
                raise
            with self._lock:
                self._idle.append(connection)
        finally:
            if free is not None:
                free.release()

    def _after_fork(self) -> None:
        with self._lock:
            if self._owner == os.getpid():
                return
            # Connections must not cross a fork: two processes would speak on one. Closing them here would tell the
            # server that the parent has gone, or let go of the parent's locks of a file.
            self._inherited += self._idle
            self._idle = []
            self._owner = os.getpid()
            self._free = threading.BoundedSemaphore(self._most) if self._most is not None else None

    def _opened(self) -> C:
        raise NotImplementedError

    def _shut(self, connection: C) -> None:
        raise NotImplementedError
