"""nDCG of windows, for early stopping and for choosing between runs.

The published measure is ``ranker.metrics``; this one works on a window's own candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..significance import Estimate, estimates
from ..windows import Window


def window_ndcg(window: Window, scores: NDArray[np.floating], *, condensed: bool, depth: int = 10) -> float | None:
    """nDCG at ``depth`` of one window in the order of ``scores``; ties by id.

    The ideal order is that of the window's judged candidates. ``condensed`` drops the unjudged first.

    Returns:
        ``None`` where nothing judged is relevant.
    """
    rows = sorted(range(len(scores)), key=lambda row: (-scores[row], window.candidates[row].id))[:100]
    judged = [grade for grade in window.grades if grade is not None]
    ideal = _dcg(sorted(judged, reverse=True)[:depth])
    if ideal <= 0:
        return None
    found = [window.grades[row] for row in rows]
    kept = [grade for grade in found if grade is not None] if condensed else [grade or 0 for grade in found]
    return _dcg(kept[:depth]) / ideal


def _dcg(grades: Sequence[float]) -> float:
    return float(sum((2.0**grade - 1.0) / np.log2(place + 2) for place, grade in enumerate(grades)))


METRICS = {"ndcg@10": False, "ndcg@10_condensed": True}
"""Whether the unjudged are dropped first, by the metric's name."""


def means(windows: Sequence[Window], scores: Sequence[NDArray[np.floating]]) -> dict[str, float]:
    """Mean plain and condensed nDCG@10 over windows that have something relevant; empty where there is no window."""
    result: dict[str, float] = {}
    if not windows:
        return result
    for name, condensed in METRICS.items():
        known = [value for value in _each(windows, scores, condensed=condensed) if value is not None]
        result[name] = float(np.mean(known)) if known else 0.0
    return result


@dataclass(frozen=True, slots=True)
class TestReport:
    """What the test part says, by metric, each with a 95 % interval over queries.

    Attributes:
        queries: those with something relevant.
        before: of the model that training began with.
        after: of the model that came out.
        gain: the paired difference.
    """

    __test__ = False

    queries: int
    before: dict[str, Estimate]
    after: dict[str, Estimate]
    gain: dict[str, Estimate]


def tested(
    windows: Sequence[Window], *, before: Sequence[NDArray[np.floating]], after: Sequence[NDArray[np.floating]]
) -> TestReport | None:
    """Compare two orders of the same windows; ``None`` where no window has anything relevant."""
    result = TestReport(0, {}, {}, {})
    for name, condensed in METRICS.items():
        both = zip(_each(windows, before, condensed=condensed), _each(windows, after, condensed=condensed), strict=True)
        table = np.array([(one, two, two - one) for one, two in both if one is not None and two is not None])
        if not len(table):
            return None
        result.before[name], result.after[name], result.gain[name] = estimates(table)
        result = TestReport(len(table), result.before, result.after, result.gain)
    return result


def _each(windows: Sequence[Window], scores: Sequence[NDArray[np.floating]], *, condensed: bool) -> list[float | None]:
    return [window_ndcg(window, score, condensed=condensed) for window, score in zip(windows, scores, strict=True)]
