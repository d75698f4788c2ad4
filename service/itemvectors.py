"""Text vectors of found products, remembered: the same products are found again and again.

Answers of the engine leave vectors out, for a window's are half a megabyte of JSON; those that are not known yet are
got by id. A vector belongs to one index generation, so to one encoder, and to the text that it was made from.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from indexer.checking import text_digest
from plugin.client import Engine
from plugin.document import OWN, TEXT_SHA, TEXT_VECTOR
from plugin.statedocs import read_many

from . import metrics

Key = tuple[str, str, str]


class ItemVectors:
    """The latest vectors, in half precision: 0.8 KB each at 384 dimensions. Thread-safe."""

    def __init__(self, engine: Engine, size: int) -> None:
        """Remember at most ``size`` vectors; 0 remembers none."""
        self._engine = engine
        self._size = size
        self._known: OrderedDict[Key, NDArray[np.float16]] = OrderedDict()
        self._newest: dict[tuple[str, str], Key] = {}
        self._lock = threading.Lock()

    def of(
        self, index: str, texts: Mapping[str, str], *, timeout_s: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Unit vectors by product id; a product that has none is missing.

        Args:
            index: one generation, by its own name.
            texts: the passage of each product as it was found, by id.
            timeout_s: of the request for those that are not remembered.

        Raises:
            EngineError: the engine does not answer in time.
        """
        keys = {name: (index, name, text_digest(text)) for name, text in texts.items()}
        found: dict[str, NDArray[np.float16]] = {}
        with self._lock:
            for name, key in keys.items():
                if (vector := self._known.get(key)) is not None:
                    self._known.move_to_end(key)
                    found[name] = vector
        missing = [name for name in keys if name not in found]
        metrics.ITEM_VECTORS.labels("hit").inc(len(found))
        metrics.ITEM_VECTORS.labels("miss").inc(len(missing))
        if missing:
            found |= self._fetched(index, {name: keys[name] for name in missing}, timeout_s)
        return {name: vector.astype(np.float32) for name, vector in found.items()}

    def by_id(
        self, index: str, ids: Iterable[str], *, timeout_s: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Unit vectors of products that were not found but are remembered: of the text that each had when it was last
        read; arguments and errors as of :meth:`of`."""
        found: dict[str, NDArray[np.float16]] = {}
        missing: dict[str, Key | None] = {}
        with self._lock:
            for name in ids:
                key = self._newest.get((index, name))
                if key is None:
                    missing[name] = None
                else:
                    self._known.move_to_end(key)
                    found[name] = self._known[key]
        metrics.ITEM_VECTORS.labels("hit").inc(len(found))
        metrics.ITEM_VECTORS.labels("miss").inc(len(missing))
        if missing:
            found |= self._fetched(index, missing, timeout_s)
        return {name: vector.astype(np.float32) for name, vector in found.items()}

    def _fetched(
        self, index: str, keys: Mapping[str, Key | None], timeout_s: float | None
    ) -> dict[str, NDArray[np.float16]]:
        fields = [TEXT_VECTOR, f"{OWN}.{TEXT_SHA}"]
        stored = read_many(self._engine, [(index, name) for name in keys], fields=fields, timeout_s=timeout_s)
        found = {}
        for (_, name), document in stored.items():
            value = document.source.get(TEXT_VECTOR)
            if not value:
                continue
            vector = np.asarray(value, np.float32)
            found[name] = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float16)
            key, stands = keys[name], document.source.get(OWN, {}).get(TEXT_SHA)
            # The product may have changed since it was found; then its vector is of another text.
            if stands is not None and (key is None or key[2] == stands):
                self._remember((index, name, str(stands)), found[name])
        return found

    def _remember(self, key: Key, vector: NDArray[np.float16]) -> None:
        with self._lock:
            self._known[key] = vector
            self._newest[key[:2]] = key
            while len(self._known) > self._size:
                gone, _ = self._known.popitem(last=False)
                if self._newest.get(gone[:2]) == gone:
                    del self._newest[gone[:2]]
