"""What an evaluation found: each system's values with their intervals, and pairs of systems compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ranker.errors import JudgmentError
from ranker.metrics import METRICS, has_relevant, measure
from ranker.significance import LEVEL, RESAMPLES, Estimate, chance_of, estimates

System = Literal["bm25", "text_vector", "image_vector", "hybrid", "rrf", "ranked"]
SYSTEMS: tuple[System, ...] = get_args(System)
COMPARED: tuple[str, ...] = ("ndcg@10", "ndcg@10_condensed")
MOVED = 10
"""How many of the queries that moved most are listed, unless it is said otherwise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One query's ranked ids, best first, at most 100, and why the model could not rank them, if it could not."""

    ids: tuple[str, ...]
    degraded: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The queries that can be measured.

    Attributes:
        texts: by query id, those with a relevant item.
        grades: by query id, the grades by product id.
        left_out: ids of queries without a relevant item.
    """

    texts: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> Judged:
        """Leave out the queries without a relevant item; raises :class:`JudgmentError` when none stays."""
        texts = {query_id: text for query_id, text in queries.items() if has_relevant(qrels.get(query_id, {}))}
        if not texts:
            raise JudgmentError("qrels: no query has an item with a grade above 0")
        left_out = tuple(query_id for query_id in queries if query_id not in texts)
        return cls(texts, {query_id: qrels[query_id] for query_id in texts}, left_out)


@dataclass(frozen=True, slots=True)
class Measured:
    """One system.

    Attributes:
        answers: by query id.
        values: shape ``(queries, len(METRICS))``, in the order of the queries.
        estimates: by metric.
    """

    answers: Mapping[str, Answer]
    values: NDArray[np.float64]
    estimates: Mapping[str, Estimate]

    @property
    def degraded(self) -> int:
        """How many queries were not ranked by the model."""
        return sum(answer.degraded is not None for answer in self.answers.values())


@dataclass(frozen=True, slots=True)
class Moved:
    """A query that two systems answer differently."""

    query_id: str
    text: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second system less the first, query by query.

    Attributes:
        difference: of the means.
        p: how likely one at least as large is by chance alone; see :func:`ranker.significance.chance_of`.
        better: queries on which the second is better.
        worse: on which it is worse.
        moved: those that moved most, the largest difference first.
    """

    metric: str
    difference: Estimate
    p: float
    better: int
    worse: int
    moved: tuple[Moved, ...]


@dataclass(slots=True)
class Report:
    """All that was measured."""

    judged: Judged
    systems: dict[System, Measured] = field(default_factory=dict)
    comparisons: dict[tuple[System, System], list[Comparison]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as ``hybridrank evaluate --json`` prints it."""
        found: dict[str, Any] = {
            "systems": {name: _system_json(system) for name, system in self.systems.items()},
            "queries": len(self.judged.texts),
            "left_out": len(self.judged.left_out),
            "bootstrap": {"resamples": RESAMPLES, "level": LEVEL},
        }
        if self.comparisons:
            found["compare"] = [
                {"first": first, "second": second, "metrics": {one.metric: _comparison_json(one) for one in compared}}
                for (first, second), compared in self.comparisons.items()
            ]
        return found


def measured(answers: Mapping[str, Answer], judged: Judged, seed: int) -> Measured:
    """Measure one system's answers to every judged query."""
    rows = [measure(query_id, answers[query_id].ids, grades, seed=seed) for query_id, grades in judged.grades.items()]
    values = np.array([[row[name] for name in METRICS] for row in rows])
    return Measured(answers, values, dict(zip(METRICS, estimates(values, seed=seed), strict=True)))


def compared(
    metric: str, first: System, second: System, report: Report, seed: int, *, listed: int = MOVED
) -> Comparison:
    """Compare two systems that the report has, by one of its metrics; ``listed`` queries that moved most are named."""
    column = METRICS.index(metric)
    before, after = (report.systems[name].values[:, column] for name in (first, second))
    change = after - before
    (difference,) = estimates(change[:, None], seed=seed)
    places = sorted(np.flatnonzero(change), key=lambda row: (-abs(change[row]), row))[:listed]
    texts = list(report.judged.texts.items())
    moved = tuple(Moved(*texts[row], float(before[row]), float(after[row])) for row in places)
    p = chance_of(change, seed=seed)
    return Comparison(metric, difference, p, int((change > 0).sum()), int((change < 0).sum()), moved)


def _system_json(system: Measured) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, estimate in system.estimates.items():
        found[name] = round(estimate.mean, 6)
        found[f"{name}_ci"] = [round(estimate.low, 6), round(estimate.high, 6)]
    return {**found, "degraded": system.degraded}


def _comparison_json(one: Comparison) -> dict[str, Any]:
    return {
        "difference": round(one.difference.mean, 6),
        "ci": [round(one.difference.low, 6), round(one.difference.high, 6)],
        "p": round(one.p, 6),
        "better": one.better,
        "worse": one.worse,
        "moved": [
            {"query_id": q.query_id, "text": q.text, "first": round(q.first, 6), "second": round(q.second, 6)}
            for q in one.moved
        ],
    }
