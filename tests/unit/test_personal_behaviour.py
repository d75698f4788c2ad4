"""The signal: bounded, neutral where nothing is known, fair to places, hard to lift alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personal.behaviour import NOTHING_KNOWN, Formula, Means, Tally, behaviour, tally
from personal.counters import PERSON_WEIGHTS
from ranker.candidate import Candidate
from ranker.fusion import first_stage
from ranker.signals import FEATURES, features

FORMULA = Formula()
MEANS = Means(Tally(1000.0, 100.0, 10.0), 50)
amount = st.floats(0, 1e6)
tallies = st.builds(Tally, amount, amount, amount)


@settings(deadline=None)
@given(tallies, st.none() | tallies, st.builds(Means, tallies, st.integers(0, 1000)))
def test_the_signal_lies_between_0_and_1(item, asked, means):
    assert 0.0 < behaviour(item, asked, means, FORMULA) < 1.0


def test_an_item_like_all_others_has_one_half():
    assert behaviour(Tally(100.0, 10.0, 1.0), None, MEANS, FORMULA) == pytest.approx(0.5, abs=0.01)
    assert behaviour(Tally(0.0, 0.0, 0.0), None, NOTHING_KNOWN, FORMULA) == pytest.approx(0.5)


def test_more_clicks_and_sales_mean_more_and_being_passed_over_means_less():
    values = [
        behaviour(Tally(50.0, clicks, sales), None, MEANS, FORMULA)
        for clicks, sales in ((0.0, 0.0), (5.0, 0.0), (20.0, 0.0), (20.0, 5.0))
    ]
    assert values == sorted(values)
    assert len(set(values)) == 4
    assert values[0] < 0.5 < values[2]


def test_a_click_far_down_is_worth_more_than_one_at_the_top():
    top = tally({"impression_1": 20.0, "click_1": 2.0}, 1.0, FORMULA.eta)
    bottom = tally({"impression_11": 20.0, "click_11": 2.0}, 1.0, FORMULA.eta)
    assert behaviour(bottom, None, MEANS, FORMULA) > behaviour(top, None, MEANS, FORMULA)


def test_one_person_moves_less_than_a_few_do():
    bot = sum(PERSON_WEIGHTS)
    alone = behaviour(Tally(bot, bot, 0.0), Tally(bot, bot, 0.0), MEANS, FORMULA)
    few = behaviour(Tally(8.0, 8.0, 0.0), Tally(8.0, 8.0, 0.0), MEANS, FORMULA)
    assert 0.5 < alone < 0.6
    assert few - 0.5 > 2 * (alone - 0.5)


def test_a_query_of_its_own_counts_beside_all_others():
    item = Tally(100.0, 10.0, 1.0)
    assert behaviour(item, Tally(10.0, 8.0, 0.0), MEANS, FORMULA) > behaviour(item, None, MEANS, FORMULA)
    assert behaviour(item, Tally(50.0, 0.0, 0.0), MEANS, FORMULA) < behaviour(item, None, MEANS, FORMULA)


def test_without_impressions_popularity_tells_items_apart():
    means = Means(Tally(0.0, 100.0, 10.0), 50)
    values = [behaviour(Tally(0.0, clicks, 0.0), None, means, FORMULA) for clicks in (0.5, 2.0, 20.0)]
    assert values == sorted(values)
    assert values[0] < 0.5 < values[2]


def test_absent_behaviour_is_neutral_for_the_ranker():
    column = FEATURES.index("behaviour.absolute")
    items = [
        Candidate("good", "a", {"bm25": 5.0, "behaviour": 0.9}),
        Candidate("new", "a", {"bm25": 5.0}),
        Candidate("bad", "a", {"bm25": 5.0, "behaviour": 0.2}),
        Candidate("mean", "a", {"bm25": 5.0, "behaviour": 0.5}),
    ]
    values = features("a", items)[:, column]
    np.testing.assert_allclose(values, [0.4, 0.0, -0.3, 0.0], atol=1e-6)
    order = [item.id for item in first_stage([*items, Candidate("worse", "a", {"bm25": 1.0})]).items]
    assert order == ["good", "mean", "new", "bad", "worse"]
