"""Vectors of queries, remembered: people ask the same things, and the same text has the same vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from multimodal.encoder import EncoderId, ImageEncoder, Role, TextEncoder, Vectors

from . import metrics


class QueryVectors:
    """The latest vectors of one encoder. Thread-safe; two threads that miss at once both encode, to the same vector."""

    def __init__(self, encoder: TextEncoder, size: int) -> None:
        """Remember at most ``size`` vectors; 0 remembers none."""
        self.encoder = encoder
        self._size = size
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, query: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape ``(dimension,)``, not to be written to.

        Raises:
            EncoderError: the encoder cannot be loaded.
        """
        with self._lock:
            found = self._known.get(query)
            if found is not None:
                self._known.move_to_end(query)
        if found is not None:
            metrics.VECTOR_CACHE.labels("hit").inc()
            return found
        metrics.VECTOR_CACHE.labels("miss").inc()
        vector: NDArray[np.float32] = self.encoder.encode([query], role="query")[0].copy()
        vector.setflags(write=False)
        with self._lock:
            self._known[query] = vector
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return vector


class Remembered:
    """A text encoder whose queries are looked up first, for a tower that stands on it."""

    def __init__(self, vectors: QueryVectors) -> None:
        self._vectors = vectors

    @property
    def id(self) -> EncoderId:
        """Which encoder this is."""
        return self._vectors.encoder.id

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Encode texts; see :class:`multimodal.encoder.TextEncoder`."""
        if role == "query" and len(texts) == 1:
            return self._vectors.of(texts[0])[None]
        return self._vectors.encoder.encode(texts, role=role)


class TextTower:
    """The text tower of an image encoder in the form of a text encoder: queries become vectors beside pictures."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self._encoder = encoder

    @property
    def id(self) -> EncoderId:
        """Which encoder this is."""
        return self._encoder.id

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Encode texts; the role makes no difference."""
        return self._encoder.encode_texts(texts)
