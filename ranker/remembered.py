"""Readings of a worker, remembered: they depend on texts alone, a score on live signals too."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What says how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """In bytes."""
        ...


Kept = TypeVar("Kept", bound=Sized)


class Readings(Generic[Kept]):
    """The latest readings of one model, known by a digest of what was read. Thread-safe."""

    def __init__(self, most: int) -> None:
        """Remember readings of at most ``most`` bytes together; 0 remembers none."""
        self._most = most
        self._size = 0
        self._known: OrderedDict[bytes, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    @staticmethod
    def key(*texts: str) -> bytes:
        """Sixteen bytes that stand for texts in their order; the texts are not kept."""
        known = hashlib.blake2b(digest_size=16)
        for text in texts:
            coded = text.encode("utf-8", "replace")
            known.update(len(coded).to_bytes(8))
            known.update(coded)
        return known.digest()

    def get(self, key: bytes) -> Kept | None:
        """What was read, or ``None``."""
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: bytes, reading: Kept) -> None:
        """Remember a reading; those that were not asked for longest are forgotten."""
        with self._lock:
            before = self._known.pop(key, None)
            self._size += reading.nbytes - (before.nbytes if before is not None else 0)
            self._known[key] = reading
            while self._size > self._most:
                self._size -= self._known.popitem(last=False)[1].nbytes
