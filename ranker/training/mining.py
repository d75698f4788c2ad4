"""Hard negatives: candidates that a ranking puts high and nobody judged good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..windows import Window

MARGIN = 0.95
"""A candidate that nobody judged and that scores more than this share of the best relevant one's score may be
relevant itself, and is left out (positive-aware mining: Moreira et al., "NV-Retriever", 2024)."""


def mined(
    window: Window,
    scores: NDArray[np.floating],
    *,
    hard: int,
    easy: int,
    random: np.random.Generator,
    margin: float = MARGIN,
) -> Window:
    """Keep what was judged, the highest of what was not, and a few others.

    Args:
        window: as the engine gave it.
        scores: shape (items,), 0 or more, higher is better; of the ranking whose mistakes are to be mended.
        hard: unjudged candidates with the highest scores.
        easy: further ones, drawn from the rest.
        margin: unjudged candidates above this share of the best relevant candidate's score are left out as probably
            relevant; above 1 it leaves out fewer.
    """
    judged = [row for row, grade in enumerate(window.grades) if grade is not None]
    relevant = [row for row in judged if (window.grades[row] or 0) > 0]
    limit = margin * max(float(scores[row]) for row in relevant) if relevant else np.inf
    others = [row for row, grade in enumerate(window.grades) if grade is None and scores[row] <= limit]
    others.sort(key=lambda row: (-scores[row], window.candidates[row].id))
    rest = others[hard:]
    drawn = random.permutation(len(rest))[:easy]
    kept = sorted({*judged, *others[:hard], *(rest[place] for place in drawn)})
    return replace(
        window,
        candidates=tuple(window.candidates[row] for row in kept),
        grades=tuple(window.grades[row] for row in kept),
    )
