"""Counting: order, repeats and splits of the same events change nothing; one person's weight has a bound."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personal.counters import (
    BUCKETS,
    CELLS,
    DAY_MS,
    KEPT,
    LANDMARK_MS,
    PERSON_WEIGHTS,
    Family,
    Key,
    Observation,
    added,
    bucket_of,
    contribution,
    difference,
    fold,
    plus,
)
from personal.events import ACTIONS
from personal.shoppers import PositionBased

FAMILY = Family(30.0, "key")
KEY = Key("c", "i")

observation = st.builds(
    Observation,
    st.just(KEY),
    st.just("p"),
    st.sampled_from(ACTIONS),
    st.integers(LANDMARK_MS, LANDMARK_MS + 900 * DAY_MS),
    st.sampled_from([f"{n:012x}" for n in range(8)]),
    st.sampled_from(BUCKETS),
)


@settings(deadline=None)
@given(st.lists(observation, max_size=20), st.randoms(), st.integers(0, 20))
def test_folding_is_idempotent_and_knows_no_order(events, dice, cut):
    whole = added({}, events)
    shuffled = events * 2
    dice.shuffle(shuffled)
    parts = added(added({}, shuffled[:cut]), shuffled[cut:])
    assert parts == whole
    assert added(whole, events) == whole
    assert all(len(slots) <= KEPT for slots in whole.values())


@settings(deadline=None)
@given(st.lists(observation, max_size=12), st.lists(observation, max_size=12))
def test_a_change_added_to_what_was_gives_what_is(before, more):
    old = added({}, before)
    new = added(old, more)
    change = difference(contribution(new, FAMILY), contribution(old, FAMILY))
    total = plus(contribution(old, FAMILY), change)
    expected = contribution(new, FAMILY)
    for name in {*total, *expected}:
        assert total.get(name, 0.0) == pytest.approx(expected.get(name, 0.0), rel=1e-9)


def test_a_million_events_of_one_person_weigh_less_than_two():
    state = added({}, [])
    for start in range(0, 1_000_000, 100_000):
        batch = (Observation(KEY, "bot", "click", LANDMARK_MS, f"{start + n:012x}", "1") for n in range(100_000))
        state = added(state, batch)
    assert contribution(state, FAMILY) == {"click_1": pytest.approx(sum(PERSON_WEIGHTS))}
    assert sum(PERSON_WEIGHTS) < 1.5


def test_decay_halves_and_the_slow_fold_is_the_sum_over_people():
    old = Observation(KEY, "a", "click", LANDMARK_MS, "0", "1")
    new = Observation(KEY, "b", "click", LANDMARK_MS + 30 * DAY_MS, "1", "1")
    assert fold([new, old], FAMILY) == {KEY: {"click_1": pytest.approx(3.0)}}


def test_ranks_fall_into_their_buckets_and_all_cells_are_known():
    assert [bucket_of(rank) for rank in (None, 0, 1, 4, 5, 6, 7, 10, 11, 20, 21, 10**6)] == [
        "unknown", "1", "1", "4", "5", "5", "7", "7", "11", "11", "21", "21",
    ]  # fmt: skip
    everything = [Observation(KEY, "p", action, LANDMARK_MS, "0", b) for action in ACTIONS for b in BUCKETS]
    for seen in everything:
        assert set(contribution(added({}, [seen]), FAMILY)) <= set(CELLS)


def test_a_half_life_that_leaves_the_range_of_a_double_is_refused():
    with pytest.raises(ValueError, match="half_life"):
        Family(1.0, "key")
    weight = Family(7.0, "key").weight(LANDMARK_MS + 19 * 365 * DAY_MS)
    assert 0 < weight < float("inf")


def test_families_do_not_meet():
    ids = {
        family.counter_id(KEY) for family in (FAMILY, Family(31.0, "key"), Family(30.0, "k2"), Family(30.0, "key", 2))
    }
    assert len(ids) == 4
    assert FAMILY.counter_id(Key("a", "b", "")) != FAMILY.counter_id(Key("a", "", "b"))


def test_the_examination_of_places_is_found_in_clicks():
    from personal.positions import estimate_eta

    dice, counters = random.Random(5), []
    for eta in (0.4, 0.8, 1.2):
        model, counters = PositionBased(decay=eta), []
        for _ in range(300):
            attraction, sums = dice.random() * 0.6, dict.fromkeys(CELLS, 0.0)
            for _ in range(60):
                rank = dice.choice([1, 2, 3, 4])
                sums[f"impression_{rank}"] += 1
                sums[f"click_{rank}"] += dice.random() < model.propensity(rank) * attraction
                # The top of a second page is looked at anew.
                sums["impression_11"] += 0.2
                sums["click_11"] += 0.2 * attraction
            counters.append(sums)
        assert estimate_eta(counters) == pytest.approx(eta, abs=0.12)
    assert estimate_eta(counters[:1]) is None
    assert estimate_eta([]) is None
