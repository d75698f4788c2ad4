"""What the transformer made of one text, and a pair's vector from two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class TextState:
    """One text.

    Attributes:
        tokens: last states of its tokens at length 1, float16, shape (tokens, width): they are kept by the thousand,
            and a cosine of them is off by less than 0.001.
        total: sum of the states, float32, shape (width,).
        weights: how much each token counts where the text is a query, in logits, float32, shape (tokens,).
    """

    tokens: NDArray[np.float16]
    total: NDArray[np.float32]
    weights: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.tokens.nbytes + self.total.nbytes + self.weights.nbytes


def states_of(states: NDArray[np.float32], weights: NDArray[np.float32], lengths: Sequence[int]) -> list[TextState]:
    """Take a batch apart.

    Args:
        states: shape (texts, longest, width).
        weights: shape (texts, longest).
        lengths: tokens of each text.
    """
    found = []
    for state, weight, length in zip(states, weights, lengths, strict=True):
        own = state[:length]
        unit = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), TINY)
        found.append(TextState(unit.astype(np.float16), own.sum(axis=0), weight[:length].copy()))
    return found


def matched(query: TextState, passages: Sequence[TextState]) -> NDArray[np.float32]:
    """Vectors of pairs, shape (passages, outputs): the same pooling as ``ranker.training.network``'s."""
    if not passages:
        return np.zeros((0, 2 * len(query.total) + 3), np.float32)
    starts = np.cumsum([0, *(len(one.tokens) for one in passages[:-1])])
    tokens = np.concatenate([one.tokens for one in passages]).astype(np.float32)
    likeness = query.tokens.astype(np.float32) @ tokens.T
    # (query's tokens, passages): the best of each passage.
    best = np.maximum.reduceat(likeness, starts, axis=1)
    importance = np.exp(query.weights - query.weights.max())
    totals = np.stack([one.total for one in passages])
    product = _unit(query.total[None]) * _unit(totals)
    counts = np.array([[len(one.tokens)] for one in passages], np.float32) + len(query.tokens)
    parts = (
        product * np.float32(len(query.total) ** 0.5),
        product.sum(axis=1, keepdims=True),
        best.mean(axis=0)[:, None],
        (importance / importance.sum() @ best)[:, None],
        (totals + query.total) / counts,
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
    return result
