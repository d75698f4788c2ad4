"""Feedback inside a window, against a slow version."""

from __future__ import annotations

import numpy as np
import pytest

from ranker.best import ITEMS
from ranker.candidate import Candidate
from ranker.feedback import WEIGHT, feedback
from ranker.model import Ranker


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def slow(logits: list[float], vectors: list[np.ndarray | None]) -> list[float]:
    known = [n for n, vector in enumerate(vectors) if vector is not None]
    best = sorted(known, key=lambda n: -logits[n])[:ITEMS]
    spread = float(np.std(logits))
    shares = [np.exp(logits[n] / spread) for n in best]
    picture = sum(share / sum(shares) * vectors[n].astype(float) for share, n in zip(shares, best, strict=True))
    likeness = {n: float(vectors[n].astype(float) @ picture) for n in known}
    mean, deviation = np.mean(list(likeness.values())), np.std(list(likeness.values()))
    return [WEIGHT * spread * (likeness[n] - mean) / deviation if n in likeness else 0.0 for n in range(len(logits))]


def test_feedback_equals_the_slow_version_and_the_unknown_gain_nothing():
    random = np.random.default_rng(5)
    logits = random.normal(size=30)
    vectors = [vector if n % 4 else None for n, vector in enumerate(unit(random.normal(size=(30, 8))))]
    found = feedback(logits, vectors, [str(n) for n in range(30)])
    np.testing.assert_allclose(found, slow(logits.tolist(), vectors), atol=1e-9)
    assert found[0] == 0.0


def test_what_looks_like_the_best_gains():
    vectors = unit(np.array([[1.0, 0, 0], [0.9, 0.1, 0], [0, 1.0, 0], [0, 0, 1.0]]))
    gains = feedback(np.array([3.0, 0.0, 0.0, 0.0]), list(vectors), list("abcd"))
    assert gains[1] > 0 > gains[2]


@pytest.mark.parametrize("vectors", [[None] * 4, [np.ones(2, np.float32) / 2**0.5] * 4])
def test_vectors_that_tell_nothing_change_nothing(vectors):
    assert not feedback(np.arange(4.0), vectors, list("abcd")).any()
    assert not feedback(np.zeros(0), [], []).any()


def test_the_order_given_does_not_matter_with_vectors_either():
    vectors = unit(np.random.default_rng(2).normal(size=(20, 8)))
    items = [Candidate(f"p{n}", "same text", {"bm25": float(n % 3)}, vectors[n]) for n in range(20)]
    ranker = Ranker(threads=1)
    forward = [item.id for item in ranker.rank("text", items, depth=3).items]
    assert forward == [item.id for item in ranker.rank("text", items[::-1], depth=3).items]
