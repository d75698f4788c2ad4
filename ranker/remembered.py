"""Pair vectors of a worker, remembered: a vector depends on the two texts alone, a score on live signals too."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray


class PairVectors:
    """The latest vectors of one model, 3 KB each, known by a digest of query and passage. Thread-safe."""

    def __init__(self, size: int) -> None:
        """Remember at most ``size`` vectors; 0 remembers none."""
        self._size = size
        self._known: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    @staticmethod
    def key(query: str, passage: str) -> bytes:
        """Sixteen bytes that stand for a pair; the texts are not kept."""
        first = query.encode("utf-8", "replace")
        return hashlib.blake2b(
            len(first).to_bytes(8) + first + passage.encode("utf-8", "replace"), digest_size=16
        ).digest()

    def get(self, key: bytes) -> NDArray[np.float32] | None:
        """The vector of a pair, or ``None``."""
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: bytes, vector: NDArray[np.float32]) -> None:
        """Remember a vector; the one that was not asked for longest is forgotten."""
        with self._lock:
            self._known[key] = vector.copy()
            while len(self._known) > self._size:
                self._known.popitem(last=False)
