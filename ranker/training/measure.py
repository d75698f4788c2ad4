"""nDCG of windows, for early stopping and for choosing between runs.

The published measure is ``ranker.metrics``; this one works on a window's own candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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


def _dcg(grades: Sequence[int]) -> float:
    return float(sum((2.0**grade - 1.0) / np.log2(place + 2) for place, grade in enumerate(grades)))


def means(windows: Sequence[Window], scores: Sequence[NDArray[np.floating]]) -> dict[str, float]:
    """Mean plain and condensed nDCG@10 over windows that have something relevant; empty where there is no window."""
    result: dict[str, float] = {}
    if not windows:
        return result
    for name, condensed in {"ndcg@10": False, "ndcg@10_condensed": True}.items():
        values = [
            window_ndcg(window, score, condensed=condensed) for window, score in zip(windows, scores, strict=True)
        ]
        known = [value for value in values if value is not None]
        result[name] = float(np.mean(known)) if known else 0.0
    return result
