"""Windows made ready for training: tokens cut once, features computed once for every way of losing signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..asked import read
from ..candidate import Candidate
from ..errors import TrainingDataError
from ..signals import features
from ..tokens import PairTokenizer
from ..windows import Window

DROPS: tuple[frozenset[str] | None, ...] = (None, frozenset({"bm25"}), frozenset({"text_vector"}), frozenset({"*"}))
"""Which signals a training window may lose as a whole: none, one of the two, all."""
LOSES_ONE = 0.08
"""Share of windows that lose BM25, and of those that lose their vectors, where others keep all signals."""

UNJUDGED_WEIGHT = 0.3
"""An unjudged member of a window is probably, but not surely, irrelevant."""


@dataclass(frozen=True, slots=True)
class Example:
    """One window, ready.

    Attributes:
        window: where it came from.
        query: token ids.
        passages: token ids, one list a candidate.
        grades: float32 (items,), 0 where not judged.
        weights: float32 (items,), 1 where judged.
        features: one float32 matrix (items, features) for each of :data:`DROPS`.
    """

    window: Window
    query: list[int]
    passages: list[list[int]]
    grades: NDArray[np.float32]
    weights: NDArray[np.float32]
    features: tuple[NDArray[np.float32], ...]


def without(candidate: Candidate, dropped: frozenset[str] | None) -> Candidate:
    """The same candidate with some signals unknown."""
    if not dropped:
        return candidate
    kept = {} if "*" in dropped else {name: value for name, value in candidate.signals.items() if name not in dropped}
    return Candidate(candidate.id, candidate.text, kept)


def prepare(windows: Sequence[Window], tokenizer: PairTokenizer, *, drops: int = len(DROPS)) -> list[Example]:
    """Tokenise windows and compute their features."""
    result = []
    for window in windows:
        grades = np.array([grade or 0 for grade in window.grades], np.float32)
        judged = np.array([grade is not None for grade in window.grades])
        result.append(
            Example(
                window,
                tokenizer.segment_ids([read(window.query).wanted], tokenizer.query_tokens)[0],
                tokenizer.segment_ids([item.text or "" for item in window.candidates], tokenizer.passage_tokens),
                grades,
                np.where(judged, 1.0, UNJUDGED_WEIGHT).astype(np.float32),
                tuple(
                    features(window.query, [without(item, dropped) for item in window.candidates])
                    for dropped in DROPS[:drops]
                ),
            )
        )
    return result


def check(windows: Sequence[Window]) -> None:
    """Refuse data that nothing can be learned from.

    Raises:
        TrainingDataError: no windows, no judgments, or judgments of one grade only.
    """
    grades = {grade for window in windows for grade in window.grades if grade is not None}
    if not windows:
        raise TrainingDataError("windows: the training data is empty")
    if not grades:
        raise TrainingDataError("grade: no candidate of any window is judged")
    if len(grades) < 2:
        raise TrainingDataError(f"grade: every judgment is {grades.pop():g}; nothing tells good from bad")


def sampled(
    example: Example, count: int, random: np.random.Generator, *, bare: float
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Choose some candidates of a window, and how many of its signals to lose.

    Relevant and judged items come first, a quarter of the places goes to the unjudged where there are any.

    Args:
        bare: how likely the window loses all of its signals.

    Returns:
        positions (count,), features (count, features), grades (count,), weights (count,).
    """
    judged = np.flatnonzero(example.weights >= 1.0)
    other = np.flatnonzero(example.weights < 1.0)
    places = min(count, len(example.passages))
    strangers = min(len(other), max(places // 4, places - len(judged)))
    wanted = places - strangers
    if wanted < len(judged):
        # At least one relevant item, so that the list teaches something.
        best = judged[example.grades[judged] > 0]
        first = random.choice(best, 1) if len(best) else judged[:0]
        rest = random.choice(np.setdiff1d(judged, first), wanted - len(first), replace=False)
        judged = np.concatenate([first, rest])
    chosen = np.concatenate([judged, random.choice(other, strangers, replace=False)]).astype(np.int64)
    variant = int(random.choice(len(example.features), p=_shares(bare))) if len(example.features) > 1 else 0
    return chosen, example.features[variant][chosen], example.grades[chosen], example.weights[chosen]


def _shares(bare: float) -> tuple[float, ...]:
    """How likely each of :data:`DROPS` is."""
    one = min(LOSES_ONE, (1.0 - bare) / 2)
    return (1.0 - bare - 2 * one, one, one, bare)
