"""How likely a place in a list is looked at, and how that is estimated from logs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from .counters import BUCKETS, cell

DEFAULT_ETA = 0.8
"""The prior: rank r is examined with probability ``r ** -eta`` (the position-based click model)."""
UNKNOWN_RANK = 5.0
"""What an impression without a place is taken for."""
_RANKS = {"1": 1.0, "2": 2.0, "3": 3.0, "4": 4.0, "5": 5.5, "7": 8.5, "11": 15.0, "21": 30.0, "unknown": UNKNOWN_RANK}
_GRID = [step / 50 for step in range(101)]
FIRST_PAGE = tuple(bucket for bucket in BUCKETS if bucket not in ("11", "21", "unknown"))
"""What ``eta`` is estimated from. Whoever turns to a second page looks at its top anew, so its clicks would make
attention seem to fall more slowly than it does."""
MIN_CLICKS = 50.0
"""Fewer clicks (of one person each, undecayed) tell too little."""


@lru_cache(maxsize=256)
def propensities(eta: float) -> Mapping[str, float]:
    """The probability that a place of each bucket is examined."""
    return {bucket: _RANKS[bucket] ** -eta for bucket in BUCKETS}


def examined(sums: Mapping[str, float], eta: float) -> float:
    """How often an item was looked at, going by where it was shown."""
    theta = propensities(eta)
    return sum(theta[bucket] * sums.get(cell("impression", bucket), 0.0) for bucket in BUCKETS)


def estimate_eta(counters: Iterable[Mapping[str, float]], scale: float = 1.0) -> float | None:
    """Find the ``eta`` under which clicks are most likely.

    What is used is that one item was shown for one query at several places: how its clicks differ between them is
    the place's doing, for the item and the query are the same (intervention harvesting: Agarwal et al., "Estimating
    Position Bias without Intrusive Interventions", WSDM 2019). Clicks at place k are taken as Poisson with mean
    ``attraction * impressions_k * k ** -eta``; the attraction of each item is the likeliest under each ``eta``.
    Only the first ten places are used (:data:`FIRST_PAGE`).

    Args:
        counters: sums of one query and item each; those with one place only tell nothing and are passed over.
        scale: what one event of now weighs.

    Returns:
        ``eta`` in 0..2 in steps of 0.02; ``None`` when there are fewer than :data:`MIN_CLICKS` clicks to learn from.
    """
    cases: list[tuple[list[float], list[float], list[str]]] = []
    clicks = 0.0
    for sums in counters:
        places = [bucket for bucket in FIRST_PAGE if sums.get(cell("impression", bucket), 0.0) > 0.0]
        if len(places) < 2:
            continue
        shown = [sums[cell("impression", bucket)] / scale for bucket in places]
        clicked = [
            min(sums.get(cell("click", bucket), 0.0) / scale, n) for bucket, n in zip(places, shown, strict=True)
        ]
        if sum(clicked) > 0.0:
            cases.append((shown, clicked, places))
            clicks += sum(clicked)
    if clicks < MIN_CLICKS:
        return None
    return max(_GRID, key=lambda eta: sum(_likelihood(case, eta) for case in cases))


def _likelihood(case: tuple[list[float], list[float], list[str]], eta: float) -> float:
    """The log-likelihood of one item's clicks, its attraction profiled out, constants left out."""
    shown, clicked, places = case
    theta = propensities(eta)
    looked = [n * theta[bucket] for n, bucket in zip(shown, places, strict=True)]
    total = sum(looked)
    return sum(c * math.log(n / total) for c, n in zip(clicked, looked, strict=True) if c > 0.0)
