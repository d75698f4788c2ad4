"""Features of a window: finite, bounded, aligned, and independent of the order of candidates."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ranker.candidate import SIGNALS, Candidate
from ranker.heads import Heads
from ranker.signals import FEATURES, Wording, best_coverage, features, price_standing
from ranker.words import words

value = st.floats(allow_nan=False, allow_infinity=False, width=32)
candidate = st.tuples(st.text(max_size=60), st.dictionaries(st.sampled_from(SIGNALS), value))


@settings(deadline=None)
@given(st.text(max_size=40), st.lists(candidate, min_size=1, max_size=8))
def test_any_window_gives_finite_bounded_features(query, items):
    matrix = features(query, [Candidate(str(n), text, signals) for n, (text, signals) in enumerate(items)])
    assert matrix.shape == (len(items), len(FEATURES))
    assert np.isfinite(matrix).all()
    assert np.abs(matrix).max() <= 1.0 + 1e-6


def test_features_follow_their_candidate_when_the_order_changes():
    items = [
        Candidate("a", "red running shoes | Acme. Light.", {"bm25": 9.0, "text_vector": 0.7}),
        Candidate("b", "blue kettle", {"bm25": 0.0, "text_vector": 0.1}),
        Candidate("c", "red kettle", {"text_vector": 0.3}),
    ]
    forward, backward = features("red shoes", items), features("red shoes", items[::-1])
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-6)


def test_an_absent_signal_differs_from_zero():
    known = FEATURES.index("bm25.known")
    matrix = features("x", [Candidate("a", "", {"bm25": 0.0}), Candidate("b", "", {})])
    assert matrix[:, known].tolist() == [1.0, 0.0]


def test_overlap_reads_title_and_plural():
    heads = Heads.of(texts := ["Red running shoe 42 | Acme", "Kettle | Acme. Runs red, size 42"])
    wording = Wording.of("red running shoes 42", texts)
    table = wording.overlaps(list(wording.rarity), heads)
    assert table.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_words_fold_case_accents_and_plurals():
    assert words("Crème Brûlée BOXES' glasses") == ["creme", "brulee", "boxe", "glasse"]


def test_coverage_is_that_of_the_best_text_and_rare_words_weigh_more():
    texts = ["red shoes", "red kettle", "red lamp", "red chair"]
    assert best_coverage("red shoe", texts) == 1.0
    assert best_coverage("", texts) == best_coverage("red", []) == 1.0
    blind = best_coverage("red zeppelin", texts)
    assert 0.0 < blind < 0.5
    uncovered = features("red zeppelin", [Candidate(t, t, {"text_vector": n / 4}) for n, t in enumerate(texts)])
    column = uncovered[:, FEATURES.index("gated.text_vector.uncovered")]
    np.testing.assert_allclose(column, uncovered[:, FEATURES.index("text_vector.standard")] * (1 - blind), rtol=1e-5)


def test_a_price_stands_the_same_in_every_currency():
    price = np.array([10.0, 20.0, 80.0, np.nan, 0.0])
    standing = price_standing(price)
    np.testing.assert_allclose(standing[:3], [-1 / 3, 0.0, 2 / 3])
    assert np.isnan(standing[3:]).all()
    np.testing.assert_allclose(price_standing(price * 130.0), standing)
