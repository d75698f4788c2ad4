"""Pseudo-relevance feedback inside a window: what looks like the best candidates is probably good too.

The weighted centroid of the best candidates' text vectors is a better picture of what is meant than a query of three
words (Rocchio's relevance feedback with its top ranks taken as relevant; Manning et al., Introduction to Information
Retrieval, chapter 9). Nothing is learned, so nothing ties it to a trade.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .best import best
from .candidate import Candidate
from .categories import agreement

WEIGHT = 0.7
"""What one standard deviation of likeness to the picture adds, in standard deviations of the window's logits."""


def feedback(
    logits: NDArray[np.float64], vectors: Sequence[NDArray[np.float32] | None], ids: Sequence[str]
) -> NDArray[np.float64]:
    """What each candidate gains from its likeness to the best ones.

    Args:
        logits: shape (items,), finite.
        vectors: unit vectors of one encoder; ``None`` where an item has none: it neither gains nor loses.
        ids: of the items; ties among the best are broken by them.

    Returns:
        shape (items,), to be added to the logits; all 0 where fewer than three items have a vector or nothing tells
        them apart.
    """
    gains = np.zeros(len(logits))
    known_vectors = [vector for vector in vectors if vector is not None]
    rows = np.array([row for row, vector in enumerate(vectors) if vector is not None], np.int64)
    spread = float(logits.std()) if len(logits) else 0.0
    if len(rows) < 3 or spread <= 1e-9:
        return gains
    table = np.stack(known_vectors).astype(np.float64)
    known = logits[rows]
    chosen, shares = best(known, [ids[row] for row in rows], spread)
    likeness = table @ (shares @ table[chosen])
    if likeness.std() <= 1e-9:
        return gains
    gains[rows] = WEIGHT * spread * (likeness - likeness.mean()) / likeness.std()
    return gains


def gains(logits: NDArray[np.float64], candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """What each candidate of a window gains by being like the best ones: by its text's vector, and then by the
    categories that it stands under (``ranker.categories``).

    Args:
        logits: of the candidates, shape (items,), finite.

    Returns:
        shape (items,), to be added to the logits.
    """
    ids = [item.id for item in candidates]
    near = feedback(logits, [item.vector for item in candidates], ids)
    return near + agreement(logits + near, [item.categories for item in candidates], ids)
