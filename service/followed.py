"""What a catalogue has of its own in the home: a file that every worker reads again when it has changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from ranker.errors import ModelError

_MOST = 64

T = TypeVar("T")


class Followed(Generic[T]):
    """What lies at some places, as it is now. Thread-safe.

    Args:
        kind: of what it is, for messages.
        read: reads a place.
    """

    def __init__(self, kind: str, read: Callable[[Path], T]) -> None:
        self._kind, self._read = kind, read
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[int, T]] = {}

    def at(self, place: Path, stamped: Path | None = None) -> T | None:
        """What lies there; ``None`` where nothing does.

        Args:
            place: a file or a folder.
            stamped: the file whose change tells that it has changed; ``None``: the place itself.

        Raises:
            ModelError: there is something, but it cannot be looked at; and what ``read`` raises.
        """
        try:
            stamp = (stamped or place).stat().st_mtime_ns
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelError(f"{self._kind}: {place} cannot be read ({error.strerror})") from error
        with self._lock:
            known = self._known.get(place)
            if known is None or known[0] != stamp:
                if len(self._known) >= _MOST:
                    self._known.clear()
                known = self._known[place] = (stamp, self._read(place))
            return known[1]


def put(path: Path, text: str) -> None:
    """Write such a file; a reader sees the old one or the new one whole.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, "utf-8")
    partial.replace(path)
