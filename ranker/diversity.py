"""Maximal marginal relevance: a list whose items differ (Carbonell and Goldstein, SIGIR 1998)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def diversified(
    scores: Sequence[float], vectors: NDArray[np.float32], diversity: float, *, size: int | None = None
) -> list[int]:
    """Choose items one by one: each time the best of ``(1 - diversity) * score - diversity * likeness``.

    Likeness is the highest cosine to an item that was chosen before. Scores are scaled to 0..1 over the list first.

    Args:
        scores: higher is better; in the order of the list, whose earlier item wins a tie.
        vectors: shape ``(len(scores), dimension)``, unit length; a row of zeros is like nothing.
        diversity: 0 keeps the order of the scores, 1 looks at likeness only.
        size: how many to choose; ``None`` orders all.

    Returns:
        Places in ``scores``.

    Raises:
        ValueError: ``diversity`` is not in 0..1, or there is not one vector a score.
    """
    if not 0.0 <= diversity <= 1.0:
        raise ValueError("diversity: expected 0..1")
    if len(vectors) != len(scores):
        raise ValueError("vectors: expected one a score")
    if not len(scores):
        return []
    values = np.asarray(scores, np.float64)
    span = float(values.max() - values.min())
    values = (values - values.min()) / span if span > 0 else np.ones_like(values)
    likeness = np.zeros(len(values))
    left = np.ones(len(values), bool)
    chosen: list[int] = []
    for _ in range(len(values) if size is None else min(size, len(values))):
        worth = np.where(left, (1.0 - diversity) * values - diversity * likeness, -np.inf)
        best = int(worth.argmax())
        chosen.append(best)
        left[best] = False
        likeness = np.maximum(likeness, vectors.astype(np.float64) @ vectors[best].astype(np.float64))
    return chosen
