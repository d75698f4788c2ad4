"""Metrics against ir-measures and against a slow obvious version; the bootstrap against what is known about it."""

from __future__ import annotations

import math
import statistics
from itertools import product

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, P, R, nDCG

from ranker import metrics
from ranker.significance import chance_of, estimates, resampled_means

IDS = [f"p{number:02d}" for number in range(30)]
ranked_lists = st.lists(st.sampled_from(IDS), unique=True, max_size=30)
judgments = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1).filter(metrics.has_relevant)


def slow_ndcg(ranked, grades, k):
    def dcg(values):
        return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(values[:k], 1))

    return dcg([grades.get(item, 0) for item in ranked]) / dcg(sorted(grades.values(), reverse=True))


@given(ranked_lists, judgments)
def test_ndcg_is_the_slow_obvious_one(ranked, grades):
    assert metrics.ndcg(ranked, grades) == pytest.approx(slow_ndcg(ranked, grades, 10), abs=1e-12)
    only_judged = [item for item in ranked if item in grades]
    assert metrics.measure("q", ranked, grades)["ndcg@10_condensed"] == pytest.approx(
        slow_ndcg(only_judged, grades, 10), abs=1e-12
    )


GAINS = {0: 0, 1: 1, 2: 3, 3: 7}
THEIRS = {
    "ndcg@10": nDCG(gains=GAINS) @ 10,
    "ndcg@10_condensed": nDCG(gains=GAINS, judged_only=True) @ 10,
    "precision@10": P @ 10,
    "recall@100": R @ 100,
    "mrr@10": RR @ 10,
}


@given(st.lists(st.tuples(ranked_lists.filter(bool), judgments), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_agrees_with_ir_measures(queries):
    qrels = {f"q{number}": grades for number, (_, grades) in enumerate(queries)}
    runs = {
        f"q{number}": {item: -float(place) for place, item in enumerate(ranked)}
        for number, (ranked, _) in enumerate(queries)
    }
    theirs = {
        (one.query_id, str(one.measure)): one.value for one in ir_measures.iter_calc(THEIRS.values(), qrels, runs)
    }
    for number, (ranked, grades) in enumerate(queries):
        ours = metrics.measure(f"q{number}", ranked, grades)
        for name, measure in THEIRS.items():
            assert ours[name] == pytest.approx(theirs[f"q{number}", str(measure)], abs=1e-6), name


def test_by_hand():
    grades = {"a": 3, "b": 1, "c": 0, "d": 2}
    values = metrics.measure("q", ["x", "b", "c", "a"], grades)
    ideal = 7 + 3 / math.log2(3) + 1 / 2
    assert values["ndcg@10"] == pytest.approx((1 / math.log2(3) + 7 / math.log2(5)) / ideal)
    assert values["ndcg@10_condensed"] == pytest.approx((1 + 7 / 2) / ideal)
    assert values["mrr@10"] == 0.5
    assert values["precision@10"] == 0.2
    assert values["recall@100"] == pytest.approx(2 / 3)
    assert values["judged@10"] == 0.75


def test_only_the_first_hundred_count():
    ranked = [f"u{number:03d}" for number in range(100)] + ["good"]
    assert set(metrics.measure("q", ranked, {"good": 3}).values()) == {0.0}
    assert metrics.measure("q", ranked[1:], {"good": 3})["ndcg@10_condensed"] == 1.0


def test_ties_are_broken_by_id():
    assert metrics.by_score([("b", 1.0), ("c", 2.0), ("a", 1.0)]) == ["c", "a", "b"]


def test_the_floor_is_the_mean_over_orders_and_does_not_see_the_order():
    grades = {"a": 3, "b": 1, "c": 0}
    orders = [["a", "b", "c"], ["a", "c", "b"], ["b", "a", "c"], ["b", "c", "a"], ["c", "a", "b"], ["c", "b", "a"]]
    exact = statistics.fmean(slow_ndcg(order, grades, 10) for order in orders)
    assert metrics.condensed_floor(orders[0], grades, shuffles=20_000) == pytest.approx(exact, abs=0.005)
    assert len({metrics.condensed_floor(order, grades, seed=3) for order in orders}) == 1
    assert metrics.condensed_floor(orders[0], grades, seed=3) != metrics.condensed_floor(orders[0], grades, seed=4)
    assert metrics.condensed_floor(["x"], grades) == 0.0


@pytest.mark.parametrize(("ranked", "grades"), [(["a"], {"a": 0}), (["a"], {}), (["a", "b", "a"], {"a": 1})])
def test_what_cannot_be_measured_is_refused(ranked, grades):
    with pytest.raises(ValueError, match=r"^(grades|ranked): "):
        metrics.measure("q", ranked, grades)


def test_bootstrap_mean_and_width():
    values = np.random.default_rng(5).normal(0.5, 0.2, (400, 1))
    (found,) = estimates(values, seed=1)
    standard_error = values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(found.mean - 1.96 * standard_error, abs=0.1 * standard_error)
    assert found.high == pytest.approx(found.mean + 1.96 * standard_error, abs=0.1 * standard_error)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    samples = rng.exponential(1.0, (60, 300))  # 300 experiments of 60 queries, true mean 1
    covered = np.mean([one.low <= 1.0 <= one.high for one in estimates(samples, resamples=2000)])
    assert 0.88 <= covered <= 0.98


def test_bootstrap_is_seeded_paired_and_the_same_in_any_chunks(monkeypatch):
    values = np.random.default_rng(2).random((50, 3))
    whole = resampled_means(values, resamples=300, seed=9)
    assert np.array_equal(whole, resampled_means(values, resamples=300, seed=9))
    assert not np.array_equal(whole, resampled_means(values, resamples=300, seed=10))
    shifted = resampled_means(np.column_stack([values[:, 0], values[:, 0] + 0.25]), resamples=300, seed=9)
    assert shifted[:, 1] - shifted[:, 0] == pytest.approx(0.25)
    monkeypatch.setattr("ranker.significance._CELLS", 170)
    assert np.allclose(whole, resampled_means(values, resamples=300, seed=9))


@pytest.mark.parametrize("values", [[], [0.5], np.empty((0, 2))])
def test_bootstrap_refuses_what_has_no_queries(values):
    with pytest.raises(ValueError, match="values"):
        estimates(values)


def test_a_difference_is_as_likely_as_the_signs_that_give_one_as_large():
    # Seven of seven in one direction: 2 of the 2^7 signs.
    assert chance_of([0.1, 0.2, 0.3, 0.1, 0.1, 0.4, 0.2]) == pytest.approx(2 / 2**7)
    assert chance_of([0.0, 0.0, 0.3, -0.3, 0.0]) == 1.0
    assert chance_of([0.0, 0.0]) == 1.0
    values = np.random.default_rng(3).normal(0.2, 1.0, 12)
    slow = np.mean([abs(np.dot(signs, values)) >= abs(values.sum()) - 1e-9 for signs in product((-1, 1), repeat=12)])
    assert chance_of(values) == pytest.approx(slow)
    assert chance_of(values, draws=4000) == pytest.approx(slow, abs=0.03)
    with pytest.raises(ValueError, match="at least one"):
        chance_of([])
    with pytest.raises(ValueError, match="one a query"):
        chance_of([[1.0]])


def test_systems_that_are_alike_are_told_apart_as_rarely_as_p_says():
    rng = np.random.default_rng(5)
    found = [chance_of(rng.normal(size=30), draws=500, seed=seed) for seed in range(300)]
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.05)
