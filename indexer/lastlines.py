"""Which line of a run is the last with its id; kept on disk beyond a few megabytes, so memory stays bounded."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from types import TracebackType

from .sharding import Places


class LastLines:
    """The last position of each id.

    SQLite's own temporary database: it spills to a file when it outgrows its cache, and the file has no name, so
    nothing is left behind by a killed run.

    Attributes:
        lines: how many lines there are, those without an id included; set by who fills this.
        places: of which lines; ``None`` is all. Set by who fills this.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.places: Places | None = None
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE last (id BLOB PRIMARY KEY, position INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def add(self, ids: Iterable[tuple[str, int]]) -> None:
        """Take note of ids and their positions, in rising order."""
        self._db.executemany(
            "INSERT INTO last VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position",
            ((_key(name), position) for name, position in ids),
        )

    def is_last(self, name: str, position: int) -> bool:
        """Whether no later line has this id."""
        found = self._db.execute("SELECT position FROM last WHERE id = ?", (_key(name),)).fetchone()
        return found is None or found[0] <= position

    def distinct(self) -> int:
        """How many ids there are."""
        return int(self._db.execute("SELECT count(*) FROM last").fetchone()[0])

    def __enter__(self) -> LastLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the space back."""
        self._db.close()


def _key(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=16).digest()
