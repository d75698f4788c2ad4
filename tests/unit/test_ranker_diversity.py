"""Maximal marginal relevance against a slow, obvious version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranker.diversity import diversified


def slow(scores: list[float], vectors: np.ndarray, diversity: float) -> list[int]:
    low, high = min(scores), max(scores)
    scaled = [(score - low) / (high - low) if high > low else 1.0 for score in scores]
    chosen: list[int] = []
    while len(chosen) < len(scores):
        best, worth = -1, -np.inf
        for place in range(len(scores)):
            if place in chosen:
                continue
            like = max([0.0] + [float(vectors[place].astype(float) @ vectors[one].astype(float)) for one in chosen])
            now = (1 - diversity) * scaled[place] - diversity * like
            if now > worth + 1e-12:
                best, worth = place, now
        chosen.append(best)
    return chosen


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.7, 1.0]), st.integers(1, 8))
def test_it_is_the_slow_version(seed: int, diversity: float, count: int) -> None:
    dice = np.random.default_rng(seed)
    vectors = dice.normal(size=(count, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = dice.random(count).tolist()
    assert diversified(scores, vectors, diversity) == slow(scores, vectors, diversity)


def test_no_diversity_is_the_order_of_scores_and_full_diversity_leaves_twins_for_last() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert diversified([0.9, 0.8, 0.1], vectors, 0.0) == [0, 1, 2]
    assert diversified([0.9, 0.8, 0.1], vectors, 0.8) == [0, 2, 1]
    assert diversified([0.9, 0.8, 0.1], vectors, 0.8, size=2) == [0, 2]
    assert diversified([], np.zeros((0, 2), np.float32), 0.5) == []


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="diversity"):
        diversified([1.0], np.ones((1, 2), np.float32), 1.5)
    with pytest.raises(ValueError, match="vectors"):
        diversified([1.0], np.ones((2, 2), np.float32), 0.5)
