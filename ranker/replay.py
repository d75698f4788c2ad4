"""One window ranked again and again under other weights, at the cost of a sort: what the model says of each candidate
is asked once and remembered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .asked import read as asked_of
from .candidate import Candidate
from .feedback import gains
from .model import Ranker
from .signals import features
from .weights import Weights, standing, vector_of


class Replay:
    """A window as :meth:`ranker.model.Ranker.rank` would order it. Not thread-safe.

    Args:
        ranker: the model.
        query: what was typed.
        candidates: at least one.
        depth: how many the transformer reads.
    """

    def __init__(self, ranker: Ranker, query: str, candidates: Sequence[Candidate], depth: int) -> None:
        self.ids = tuple(item.id for item in candidates)
        self._ranker, self._depth = ranker, min(depth, len(candidates))
        self._wanted = asked_of(query).wanted
        self._texts = [item.text for item in candidates]
        self._matrix = features(query, candidates)
        nothing = np.zeros((len(candidates), ranker.config.outputs), np.float32)
        self._unread = ranker.logits(nothing, np.zeros(len(candidates), bool), self._matrix).astype(np.float64)
        self._gains = gains(self._unread, candidates)
        self._standing = standing(candidates)
        self._read = np.full(len(candidates), np.nan)
        self._by_id = np.argsort(np.argsort(np.array(self.ids)))

    def chosen(self, weights: Weights, *, depth: int | None = None) -> NDArray[np.int64]:
        """The rows that are read under these weights, best first."""
        rows: NDArray[np.int64] = self._order(self._unread + self._moved(weights))[: depth or self._depth]
        return rows

    def missing(self, weights: Weights) -> NDArray[np.int64]:
        """Rows that would be read under these weights and have not been."""
        rows = self.chosen(weights)
        left: NDArray[np.int64] = rows[np.isnan(self._read[rows])]
        return left

    def read(self, rows: Sequence[int] | NDArray[np.int64]) -> None:
        """Let the transformer read these rows now."""
        rows = np.asarray(rows, np.int64)
        rows = rows[np.isnan(self._read[rows])]
        if not len(rows):
            return
        texts = [self._texts[row] for row in rows]
        known = np.array([text is not None for text in texts])
        vectors = self._ranker.pair_vectors(self._wanted, [text or "" for text in texts]).vectors
        self._read[rows] = self._ranker.logits(vectors, known, self._matrix[rows])

    def ranked(self, weights: Weights) -> list[str]:
        """Ids, best first; what was not read counts by its signals."""
        moved = self._moved(weights)
        order = self._order(self._unread + moved)
        head = order[: self._depth]
        scores = np.where(np.isnan(self._read[head]), self._unread[head], self._read[head]) + moved[head]
        head = head[np.lexsort((self._by_id[head], -scores))]
        return [self.ids[row] for row in (*head, *order[self._depth :])]

    def _moved(self, weights: Weights) -> NDArray[np.float64]:
        result: NDArray[np.float64] = self._gains + (self._standing * vector_of(weights)).sum(axis=1)
        return result

    def _order(self, logits: NDArray[np.float64]) -> NDArray[np.int64]:
        order: NDArray[np.int64] = np.lexsort((self._by_id, -logits))
        return order
