"""Agreement with the categories of the best candidates, against a slow version."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ranker.best import ITEMS
from ranker.candidate import Candidate
from ranker.categories import SMOOTHING, WEIGHT, agreement
from ranker.feedback import feedback, gains
from ranker.model import Ranker

NAMES = ["lamps", "chairs", "home", "garden", "tools"]


def slow(logits: list[float], categories: list[frozenset[str]]) -> list[float]:
    spread, items = float(np.std(logits)), range(len(logits))
    best = sorted(items, key=lambda n: -logits[n])[:ITEMS]
    shares = {n: math.exp(logits[n] / spread) for n in best}
    total = sum(shares.values())

    def told(name: str) -> float:
        among = sum(shares[n] for n in best if name in categories[n]) / total
        whole = sum(name in categories[n] for n in items) / len(logits)
        return math.log((among + SMOOTHING * whole) / (1 + SMOOTHING) / whole)

    values = {n: sum(map(told, categories[n])) / len(categories[n]) for n in items if categories[n]}
    mean = sum(values.values()) / len(values)
    return [WEIGHT * spread * (values[n] - mean) if n in values else 0.0 for n in items]


def test_it_equals_the_slow_version_and_what_has_no_category_gains_nothing():
    random = np.random.default_rng(5)
    logits = random.normal(size=30)
    categories = [frozenset(random.choice(NAMES, size=n % 4)) for n in range(30)]
    found = agreement(logits, categories, [str(n) for n in range(30)])
    np.testing.assert_allclose(found, slow(logits.tolist(), categories), atol=1e-12)
    assert found[0] == 0.0
    assert not categories[0]


def test_a_stranger_among_lamps_loses_and_a_lamp_further_down_gains():
    lamp, book = frozenset({"home", "lamps"}), frozenset({"books"})
    logits = np.array([3.0, 2.9, 2.8, 2.7, 0.1, 0.0])
    found = agreement(logits, [lamp, lamp, book, lamp, book, lamp], list("abcdef"))
    assert found[5] > 0 > found[2]


@pytest.mark.parametrize(
    "categories",
    [
        [frozenset()] * 4,
        [frozenset({"lamps"})] * 4,
        [frozenset(), frozenset({"lamps"}), frozenset({"chairs"}), frozenset()],
    ],
)
def test_categories_that_tell_nothing_change_nothing(categories):
    np.testing.assert_allclose(agreement(np.arange(4.0), categories, list("abcd")), 0.0, atol=1e-12)
    assert not agreement(np.ones(4), [frozenset({name}) for name in "abcd"], list("abcd")).any()
    assert not agreement(np.zeros(0), [], []).any()


def test_both_kinds_of_likeness_add_up():
    random = np.random.default_rng(3)
    logits, vectors = random.normal(size=12), random.normal(size=(12, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    items = [Candidate(f"p{n}", "", {}, vectors[n], frozenset({NAMES[n % 3]})) for n in range(12)]
    near = feedback(logits, list(vectors), [item.id for item in items])
    filed = agreement(logits + near, [item.categories for item in items], [item.id for item in items])
    np.testing.assert_array_equal(gains(logits, items), near + filed)
    assert filed.any()


def test_a_window_is_ordered_by_its_categories_in_any_order_that_it_is_given():
    lamp, book = frozenset({"lamps"}), frozenset({"books"})
    kinds = [lamp] * 10 + [book, lamp] * 5
    items = [Candidate(f"p{n:02d}", "same text", {"bm25": 20.0 - n}, None, kind) for n, kind in enumerate(kinds)]
    ranker = Ranker(threads=1)
    order = [item.id for item in ranker.rank("text", items, depth=1).items]
    assert order == [item.id for item in ranker.rank("text", items[::-1], depth=1).items]
    assert order.index("p11") < order.index("p10")
    assert [
        item.id for item in ranker.rank("text", [Candidate(i.id, i.text, i.signals) for i in items], depth=1).items
    ] == [f"p{n:02d}" for n in range(20)]
