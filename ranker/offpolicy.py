"""Judging a ranker on the clicks that another one's results got.

Inverse propensity weighting under the position-based click model (Joachims, Swaminathan, Schnabel, WSDM 2017; the
item-position estimator of Li et al., KDD 2018), self-normalised (Swaminathan and Joachims, NIPS 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .significance import Estimate, resampled_means

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """One answered query of a log.

    Attributes:
        query_id: of the log.
        query: what was typed.
        items: what was shown, best first.
        clicked: of these, what was clicked.
    """

    query_id: str
    query: str
    items: tuple[str, ...]
    clicked: frozenset[str]


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """What a ranker would have got.

    Attributes:
        value: clicks for one examined result: the self-normalised estimate with its interval (queries resampled).
        logged: the same of the ranker that was logged.
        effective: effective sample size, ``(sum w)^2 / sum w^2``, of ``shown`` results. Where it is small, the log says
            little about this ranker, whatever the interval.
        shown: results of the log.
        overlap: share of the logged results that the ranker ranks at all.
    """

    value: Estimate
    logged: Estimate
    effective: float
    shown: int
    overlap: float


def examination(eta: float, depth: int) -> Callable[[int], float]:
    """The probability that a rank (from 1) is looked at, ``rank ** -eta``; 0 beyond ``depth``."""
    return lambda rank: float(rank**-eta) if 1 <= rank <= depth else 0.0


def self_normalised(
    log: Sequence[Shown], ranked: Mapping[str, Sequence[str]], theta: Callable[[int], float], *, seed: int = 0
) -> OffPolicy:
    """Estimate clicks for one examined result under another ranking of the same queries.

    A result that stood at rank k and would stand at rank r weighs ``theta(r) / theta(k)``; one that the ranker would
    not show weighs 0, and of one that was not shown nothing is known. The estimate is ``sum w * click / sum w *
    theta(k)``: clicks over the examinations that they come from, so a ranker that repeats the log has the log's rate.

    Args:
        log: with at least one result.
        ranked: by query id, best first; what is missing counts as nothing shown.
        theta: probability of examination by rank from 1.
        seed: of the resamples.

    Raises:
        ValueError: the log shows nothing, or the ranker shows none of what it shows.
    """
    clicks, looks, base_clicks, base_looks = (np.zeros(len(log)) for _ in range(4))
    weights: list[float] = []
    for row, one in enumerate(log):
        places = {item: rank for rank, item in enumerate(ranked.get(one.query_id, ()), 1)}
        for rank, item in enumerate(one.items, 1):
            before = theta(rank)
            if before <= 0.0:
                continue
            weight = theta(places.get(item, 0)) / before
            weights.append(weight)
            hit = item in one.clicked
            clicks[row] += weight * hit
            looks[row] += weight * before
            base_clicks[row] += hit
            base_looks[row] += before
    every = np.asarray(weights)
    if not len(every):
        raise ValueError("log: shows no result")
    if not every.any():
        raise ValueError("ranked: shows nothing of what the log shows, so the log tells nothing about it")
    return OffPolicy(
        _ratio(clicks, looks, seed),
        _ratio(base_clicks, base_looks, seed),
        float(every.sum() ** 2 / (every**2).sum()),
        len(every),
        float((every > 0).mean()),
    )


def _ratio(above: np.ndarray, below: np.ndarray, seed: int) -> Estimate:
    """A ratio of sums with the percentile interval of resampled queries."""
    means = resampled_means(np.stack([above, below], axis=1), resamples=RESAMPLES, seed=seed)
    kept = means[means[:, 1] > 0]
    low, high = np.percentile(kept[:, 0] / kept[:, 1], [2.5, 97.5])
    return Estimate(float(above.sum() / below.sum()), float(low), float(high))
