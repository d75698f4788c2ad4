"""A model over judged queries: which signals matter, how the score moves with each, how far scores are chances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import JudgmentError
from ..model import Ranker, Workings
from ..signals import restated
from ..significance import Estimate, estimates
from ..windows import Window
from .signals import explained

TOP = 10
"""Of each query so many best results are explained."""
LINES = 60
"""Products whose own curve is drawn beside the mean one."""
POINTS = 25
BINS = 10
RELEVANT = 1.0
"""Grades from here on count as relevant in the calibration."""
MOVABLE = (
    "bm25",
    "text_vector",
    "image_vector",
    "behaviour",
    "profile",
    "session",
    "popularity",
    "recency",
)


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a signal or rule moves results.

    Attributes:
        size: mean of the absolute contribution over the results, in logits, with its interval over queries.
        known: share of the results that it moves at all.
    """

    name: str
    size: Estimate
    known: float


@dataclass(frozen=True, slots=True)
class Curve:
    """How the value moves with one signal (partial dependence, Friedman 2001; individual lines, Goldstein et al. 2015).

    Attributes:
        grid: raw values of the signal, shape (points,).
        lines: change of each product's logit from its own value, shape (products, points).
        seen: the 5th and the 95th percentile of the values in the windows.
    """

    name: str
    grid: NDArray[np.float64]
    lines: NDArray[np.float64]
    seen: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores beside the share of relevant products among those that got them.

    Attributes:
        scores: mean score of each bin that has any product.
        shares: how many of its judged products are relevant, with an interval.
        counts: judged products of each bin.
        error: expected calibration error: mean distance of the two, weighted by the counts.
    """

    scores: NDArray[np.float64]
    shares: tuple[Estimate, ...]
    counts: NDArray[np.int64]
    error: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """What was found over a set of queries."""

    model: str
    queries: int
    depth: int
    importance: tuple[Importance, ...]
    curves: tuple[Curve, ...]
    calibration: Calibration


def portrait(ranker: Ranker, windows: Iterable[Window], *, depth: int, seed: int = 0) -> Portrait:
    """Look at a model.

    Args:
        ranker: the model.
        windows: judged queries with their candidates, as the engine gave them; with their text vectors where the served
            ranking has them.
        depth: how many of a window are read.
        seed: of the choice of products whose curves are drawn.

    Raises:
        JudgmentError: no window.
    """
    rng = np.random.default_rng(seed)
    sizes: dict[str, list[float]] = defaultdict(list)
    moved: dict[str, list[float]] = defaultdict(list)
    lines: dict[str, list[tuple[Window, Workings, int]]] = defaultdict(list)
    values: dict[str, list[float]] = defaultdict(list)
    graded: list[tuple[float, bool]] = []
    queries = 0
    for window in windows:
        workings = ranker.work(window.query, window.candidates, depth=depth)
        top = [item.position for item in workings.ranking.items[:TOP]]
        found = [explained(ranker, window.candidates, workings, position) for position in top]
        names = {name for one in found for name in one.parts}
        for name in names | sizes.keys():
            parts = [one.parts.get(name, 0.0) for one in found]
            sizes[name] += [0.0] * (queries - len(sizes[name])) + [float(np.mean(np.abs(parts)))]
            moved[name] += [0.0] * (queries - len(moved[name])) + [float(np.mean([part != 0.0 for part in parts]))]
        queries += 1
        for item in workings.ranking.items:
            grade = window.grades[item.position]
            if grade is not None:
                graded.append((item.score, grade >= RELEVANT))
        for name in MOVABLE:
            known = [item.signals[name] for item in window.candidates if name in item.signals]
            values[name] += known
            there = [position for position in top if name in window.candidates[position].signals]
            if there:
                lines[name].append((window, workings, int(rng.choice(there))))
    if not queries:
        raise JudgmentError("qrels: no judged query brings anything")
    importance = [
        Importance(name, estimates(np.array(each)[:, None], seed=seed)[0], float(np.mean(moved[name])))
        for name, each in sizes.items()
    ]
    importance.sort(key=lambda one: (-one.size.mean, one.name))
    curves = [_curve(ranker, name, chosen[:LINES], values[name]) for name, chosen in lines.items()]
    return Portrait(ranker.name, queries, depth, tuple(importance), tuple(curves), calibration(graded, seed=seed))


def _curve(ranker: Ranker, name: str, chosen: Sequence[tuple[Window, Workings, int]], values: Sequence[float]) -> Curve:
    low, high = np.percentile(values, [1, 99])
    grid = np.linspace(low, high, POINTS) if high > low else np.array([low])
    lines = []
    for window, workings, position in chosen:
        row = workings.matrix[position]
        own = window.candidates[position].signals[name]
        rows = np.stack([restated(row, window.candidates, {name: float(value)}) for value in (own, *grid)])
        read = position in workings.chosen
        vector = workings.vectors[workings.chosen.index(position)] if read else np.zeros(ranker.config.outputs)
        vectors = np.tile(vector.astype(np.float32), (len(rows), 1))
        logits = ranker.logits(vectors, np.full(len(rows), read), rows).astype(np.float64)
        lines.append(logits[1:] - logits[0])
    seen = np.percentile(values, [5, 95])
    return Curve(name, grid, np.stack(lines), (float(seen[0]), float(seen[1])))


def calibration(graded: Sequence[tuple[float, bool]], *, seed: int = 0) -> Calibration:
    """Bins of equally many judged products, by score.

    Raises:
        JudgmentError: nothing is judged.
    """
    if not graded:
        raise JudgmentError("qrels: nothing that the queries bring is judged")
    table = np.array(sorted(graded), np.float64)
    parts = [part for part in np.array_split(table, BINS) if len(part)]
    scores = np.array([part[:, 0].mean() for part in parts])
    shares = tuple(estimates(part[:, 1:2], resamples=2000, seed=seed)[0] for part in parts)
    counts = np.array([len(part) for part in parts])
    distance = np.abs(scores - np.array([share.mean for share in shares]))
    return Calibration(scores, shares, counts, float((distance * counts).sum() / counts.sum()))


def as_json(found: Portrait) -> Mapping[str, object]:
    """A portrait without its lines."""
    return {
        "model": found.model,
        "queries": found.queries,
        "depth": found.depth,
        "importance": [
            {"name": one.name, "logits": one.size.mean, "ci": [one.size.low, one.size.high], "known": one.known}
            for one in found.importance
        ],
        "curves": [
            {"name": one.name, "grid": one.grid.tolist(), "mean": one.lines.mean(axis=0).tolist()}
            for one in found.curves
        ],
        "calibration": {
            "error": found.calibration.error,
            "bins": [
                {"score": float(score), "share": share.mean, "ci": [share.low, share.high], "products": int(count)}
                for score, share, count in zip(
                    found.calibration.scores, found.calibration.shares, found.calibration.counts, strict=True
                )
            ],
        },
    }
