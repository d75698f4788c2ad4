"""How sure a mean over queries is: percentile bootstrap, seeded, the same resamples for everything that is compared;
and how likely a difference is by chance alone: a paired randomisation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 10_000
LEVEL = 0.95
_CELLS = 4_000_000
"""Counts held at a time, which bounds memory when there are many queries."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        mean: over the queries.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    mean: float
    low: float
    high: float


def resampled_means(values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Means of queries drawn with replacement.

    Args:
        values: shape ``(queries, columns)``; a resample takes the same queries in every column.
        resamples: how many.
        seed: of the draws.

    Returns:
        shape ``(resamples, columns)``.
    """
    count = values.shape[0]
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, _CELLS // count)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)
        means[start : start + rows] = times @ values / count
    return means


def estimates(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> list[Estimate]:
    """One :class:`Estimate` a column of ``values``, shape ``(queries, columns)``.

    A column of paired differences gives the interval of the mean difference.

    Raises:
        ValueError: no query, or not two dimensions.
    """
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or not table.shape[0]:
        raise ValueError("values: expected shape (queries, columns) with at least one query")
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(resampled_means(table, resamples=resamples, seed=seed), [tail, 100 - tail], axis=0)
    means = table.mean(axis=0)
    return [Estimate(float(m), float(a), float(b)) for m, a, b in zip(means, low, high, strict=True)]


def chance_of(differences: ArrayLike, *, draws: int = RESAMPLES, seed: int = 0) -> float:
    """How likely a mean difference at least as large is where the two systems are alike (two-sided p-value).

    Fisher's paired randomisation test, which fits the skewed differences of retrieval measures (Smucker, Allan,
    Carterette, CIKM 2007): were the systems alike, each query's difference could as well have the other sign. All
    2^n signs where there are at most ``draws`` of them, else so many random ones, the observed one among them.

    Args:
        differences: one a query; 0 where nothing changed.
        draws: signs that are tried.
        seed: of the draws.

    Raises:
        ValueError: no query, or not one dimension.
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError("differences: expected one a query, and at least one")
    moved = values[values != 0.0]
    if not moved.size:
        return 1.0
    observed = abs(float(moved.sum())) * (1 - 1e-12)
    if 2**moved.size <= draws:
        signs = (np.arange(2**moved.size)[:, None] >> np.arange(moved.size)) & 1
        return float((np.abs((2.0 * signs - 1.0) @ moved) >= observed).mean())
    rng = np.random.default_rng(seed)
    beyond = 0
    step = max(1, _CELLS // moved.size)
    for start in range(0, draws, step):
        signs = rng.integers(0, 2, (min(step, draws - start), moved.size))
        beyond += int((np.abs((2.0 * signs - 1.0) @ moved) >= observed).sum())
    return (beyond + 1) / (draws + 1)
