"""How sure a mean over queries is: percentile bootstrap, seeded, the same resamples for everything that is compared."""

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
