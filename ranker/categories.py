"""What the best candidates are filed under: who looks for a lamp gets lamps on top, and what stands under another
category has to be better to be there.

Each name of a category counts by how much commoner it is among the best candidates than in the window as a whole (the
logarithm of the ratio, smoothed; pseudo-relevance feedback as in ``ranker.feedback``, with names in place of vectors).
Where the best are scattered over many categories, or all are of one, nothing is told and next to nothing is gained, so
a catalogue with careless categories loses little. Nothing is learned.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from .best import best

WEIGHT = 0.2
"""What a logarithm of 1 adds (a name that is e times as common among the best), in standard deviations of the window's
logits."""
SMOOTHING = 0.1
"""How much of the window is mixed into its best."""


def agreement(logits: NDArray[np.float64], categories: Sequence[Set[str]], ids: Sequence[str]) -> NDArray[np.float64]:
    """What each candidate gains by standing under the same categories as the best ones.

    Args:
        logits: shape (items,), finite.
        categories: names of each item's category, of all its levels; an item without one neither gains nor loses.
        ids: of the items; ties among the best are broken by them.

    Returns:
        shape (items,), to be added to the logits, with a mean of 0 over the items that have a category; all 0 where
        fewer than three have one or nothing tells them apart.
    """
    gains = np.zeros(len(logits))
    spread = float(logits.std()) if len(logits) else 0.0
    filed = [row for row, names in enumerate(categories) if names]
    if len(filed) < 3 or spread <= 1e-9:
        return gains
    rows, shares = best(logits, ids, spread)
    among: Counter[str] = Counter()
    for row, share in zip(rows.tolist(), shares.tolist(), strict=True):
        for name in categories[row]:
            among[name] += share
    whole = Counter(name for row in filed for name in categories[row])
    told = {name: _ratio(among[name], count / len(logits)) for name, count in whole.items()}
    values = np.array([math.fsum(told[name] for name in categories[row]) / len(categories[row]) for row in filed])
    gains[filed] = WEIGHT * spread * (values - values.mean())
    return gains


def _ratio(among: float, whole: float) -> float:
    """The logarithm of how much commoner a name is among the best, never below that of the smoothing alone."""
    return math.log((among + SMOOTHING * whole) / ((1.0 + SMOOTHING) * whole))
