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
        total = 0.0
        for name in names:
            values = [other[name] for other in windows if name in other]
            if name not in one:
                continue
            low, high = min(values), max(values)
            total += 1.0 if high == low else (one[name] - low) / (high - low)
        result.append(total / len(names) if names else 0.0)
    return result


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
