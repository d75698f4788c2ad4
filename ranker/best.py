"""The best candidates of a window, as pseudo-relevance feedback takes them: how much each of them stands for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ITEMS = 10
"""How many are looked at, by a softmax of their standard scores."""


def best(
    logits: NDArray[np.float64], ids: Sequence[str], spread: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best candidates.

    Args:
        logits: shape (items,), finite, at least one.
        ids: of the items; ties are broken by them.
        spread: standard deviation of the window's logits, above 0.

    Returns:
        their rows, best first, and what share of the picture each is; shape (at most :data:`ITEMS`,) both.
    """
    rows: NDArray[np.int64] = np.lexsort((np.array(ids), -logits))[:ITEMS]
    shares = np.exp((logits[rows] - logits[rows[0]]) / spread)
    return rows, shares / shares.sum()
