"""Ranking metrics: pure functions of one query's ranked ids and its judged grades.

Everywhere: ``ranked`` is best first, without repeats; ``grades`` maps the judged ids of the query to whole numbers
from 0; an id that is not in it is unjudged, which counts as 0. Gain is ``2**grade - 1``, the discount of rank r is
``log2(r + 1)``. A value is undefined where no judged item has a grade above 0: that query is left out by the caller,
see :func:`has_relevant`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Grades = Mapping[str, int]

DEPTH = 100
"""How many results of a system are looked at."""
SHUFFLES = 100

METRICS: tuple[str, ...] = (
    "ndcg@10",
    "ndcg@10_condensed",
    "ndcg@10_condensed_floor",
    "mrr@10",
    "precision@10",
    "recall@100",
    "judged@10",
)
"""The names of :func:`measure`, in the order of a table."""


def has_relevant(grades: Grades) -> bool:
    """Whether anything is judged above 0."""
    return any(grade > 0 for grade in grades.values())


def by_score(scored: Iterable[tuple[str, float]]) -> list[str]:
    """Ids by falling score, ties by id."""
    return [item for item, _ in sorted(scored, key=lambda pair: (-pair[1], pair[0]))]


def ndcg(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first k; the ideal is made of all judged items. 0 to 1."""
    gains = _gains(grades.get(item, 0) for item in ranked[:k])
    return float(gains @ _discounts(len(gains))) / _ideal(grades, k)


def condensed(ranked: Sequence[str], grades: Grades, depth: int = DEPTH) -> list[str]:
    """The judged items among the first ``depth``, in their order."""
    return [item for item in ranked[:depth] if item in grades]


def condensed_floor(
    ranked: Sequence[str], grades: Grades, k: int = 10, *, depth: int = DEPTH, seed: int = 0, shuffles: int = SHUFFLES
) -> float:
    """What :func:`ndcg` gives on average when the judged retrieved items are put in an order by chance.

    A high condensed value over a high floor says little: what was retrieved was good in any order.
    """
    # In order of id, so that the floor depends on what was retrieved and not on how it was ranked.
    gains = _gains(grades[item] for item in sorted(condensed(ranked, grades, depth)))
    if not len(gains):
        return 0.0
    orders = np.random.default_rng(seed).permuted(np.tile(gains, (shuffles, 1)), axis=1)[:, :k]
    return float((orders @ _discounts(orders.shape[1])).mean()) / _ideal(grades, k)


def reciprocal_rank(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """1 over the rank of the first item graded above 0 among the first k; 0 when there is none."""
    return next((1 / rank for rank, item in enumerate(ranked[:k], 1) if grades.get(item, 0) > 0), 0.0)


def precision(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Share of k that are graded above 0; a shorter list has the missing ones wrong."""
    return sum(grades.get(item, 0) > 0 for item in ranked[:k]) / k


def recall(ranked: Sequence[str], grades: Grades, k: int = DEPTH) -> float:
    """Share of the items graded above 0 that are among the first k."""
    relevant = sum(grade > 0 for grade in grades.values())
    return sum(grades.get(item, 0) > 0 for item in ranked[:k]) / relevant


def judged(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Share of the first k that anyone has judged; 0 for an empty list."""
    shown = ranked[:k]
    return sum(item in grades for item in shown) / len(shown) if shown else 0.0


def measure(query_id: str, ranked: Sequence[str], grades: Grades, *, seed: int = 0) -> dict[str, float]:
    """Every metric of :data:`METRICS` for one query.

    Args:
        query_id: only moves the random numbers, so that queries are shuffled independently.
        ranked: best first.
        grades: of the judged items.
        seed: of the shuffles behind the floor.

    Raises:
        ValueError: nothing is judged above 0, or an id is ranked twice.
    """
    if not has_relevant(grades):
        raise ValueError("grades: no item is judged above 0")
    if len(set(ranked)) != len(ranked):
        raise ValueError("ranked: an id stands in it twice")
    floor = condensed_floor(ranked, grades, seed=zlib.crc32(query_id.encode(), seed))
    values = (
        ndcg(ranked[:DEPTH], grades),
        ndcg(condensed(ranked, grades), grades),
        floor,
        reciprocal_rank(ranked, grades),
        precision(ranked, grades),
        recall(ranked, grades),
        judged(ranked, grades),
    )
    return dict(zip(METRICS, values, strict=True))


def _gains(grades: Iterable[int]) -> NDArray[np.float64]:
    return np.exp2(np.fromiter(grades, np.float64)) - 1.0


def _discounts(count: int) -> NDArray[np.float64]:
    return 1.0 / np.log2(np.arange(2, count + 2))


def _ideal(grades: Grades, k: int) -> float:
    gains = np.sort(_gains(grades.values()))[::-1][:k]
    return float(gains @ _discounts(len(gains)))
