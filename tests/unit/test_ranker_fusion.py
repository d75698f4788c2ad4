"""The first stage against a slow, obvious version."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranker.candidate import Candidate
from ranker.fusion import first_stage, fused_scores, min_max

finite = st.floats(-50, 50, allow_nan=False, width=32)
signals = st.dictionaries(st.sampled_from(["bm25", "text_vector", "image_vector"]), finite)


def slow_fused(windows: list[dict[str, float]]) -> list[float]:
    names = [name for name in ("bm25", "text_vector", "image_vector") if any(name in one for one in windows)]
    result = []
    for one in windows:
        own = [scaled(windows, name, one) for name in names if name in one]
        total = sum(own)
        if own and "image_vector" in names and "image_vector" not in one:
            known = [scaled(windows, "image_vector", other) for other in windows if "image_vector" in other]
            total += (sum(known) / len(known) + sum(own) / len(own)) / 2
        result.append(total / len(names) if names else 0.0)
    return result


def scaled(windows: list[dict[str, float]], name: str, one: dict[str, float]) -> float:
    values = [other[name] for other in windows if name in other]
    low, high = min(values), max(values)
    return 1.0 if high == low else (one[name] - low) / (high - low)


def test_products_without_pictures_are_not_pushed_down():
    random = np.random.default_rng(3)
    moved = []
    for _ in range(200):
        # What one signal says of an item, the others say as well, but not exactly.
        good = random.normal(size=40)
        rows = {name: good + random.normal(size=40) for name in ("bm25", "text_vector", "image_vector")}
        whole = [Candidate(f"{n:02}", None, {name: float(rows[name][n]) for name in rows}) for n in range(40)]
        bare = random.random(40) < 0.3
        some = [
            Candidate(one.id, None, {k: v for k, v in one.signals.items() if k != "image_vector" or not bare[n]})
            for n, one in enumerate(whole)
        ]
        before = {item.id: place for place, item in enumerate(first_stage(whole).items)}
        after = {item.id: place for place, item in enumerate(first_stage(some).items)}
        moved += [after[one.id] - before[one.id] for n, one in enumerate(whole) if bare[n]]
    assert abs(float(np.mean(moved))) < 0.5


@given(st.lists(signals, min_size=1, max_size=12))
def test_fused_scores_equal_the_slow_version(windows):
    candidates = [Candidate(str(number), None, one) for number, one in enumerate(windows)]
    np.testing.assert_allclose(fused_scores(candidates), slow_fused(windows), atol=1e-9)


@given(st.lists(signals, max_size=12))
def test_first_stage_is_a_permutation_in_descending_order(windows):
    candidates = [Candidate(str(number), None, one) for number, one in enumerate(windows)]
    ranking = first_stage(candidates)
    assert sorted(item.position for item in ranking.items) == list(range(len(windows)))
    assert all(a.score >= b.score for a, b in zip(ranking.items, ranking.items[1:], strict=False))
    assert ranking.degraded is None
    assert ranking.read == 0


def test_ties_are_broken_by_id_whatever_the_order_given():
    same = {"bm25": 1.0}
    one = first_stage([Candidate("b", None, same), Candidate("a", None, same)])
    two = first_stage([Candidate("a", None, same), Candidate("b", None, same)])
    assert [item.id for item in one.items] == [item.id for item in two.items] == ["a", "b"]


def test_unknown_is_not_zero():
    matrix = min_max(np.array([[1.0, math.nan], [3.0, math.nan], [2.0, 5.0]]))
    np.testing.assert_array_equal(matrix[:, 0], [0.0, 1.0, 0.5])
    assert np.isnan(matrix[:2, 1]).all()
    assert matrix[2, 1] == 1.0


def test_a_signal_that_nobody_has_takes_no_part():
    with_it = [Candidate("a", None, {"bm25": 2.0}), Candidate("b", None, {"bm25": 1.0})]
    np.testing.assert_allclose(fused_scores(with_it), [1.0, 0.0])
