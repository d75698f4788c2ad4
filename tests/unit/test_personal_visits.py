"""What people chose next, out of what they did."""

from __future__ import annotations

import pytest

from personal.counters import DAY_MS, bucket_of
from personal.taste import Action, Facts
from personal.visits import AHEAD, PAUSE_MS, SMALLEST, Step, Trends, choices

NOON = 20_000 * DAY_MS


def step(action: str, item: str, at_ms: int, place: int | None = 1) -> Step:
    return Step(Action(action, item, Facts({}), "", at_ms, f"{at_ms}{item}"), bucket_of(place))


def test_what_comes_later_in_the_visit_is_chosen_and_weighs_by_strength_and_place():
    done = [
        step("view", "old", NOON - 2 * PAUSE_MS),
        step("click", "a", NOON),
        step("click", "b", NOON + 1000, place=4),
        step("purchase", "b", NOON + 2000, place=4),
        step("click", "c", NOON + 3000, place=None),
        step("return", "d", NOON + 4000),
    ]
    found = choices("p", done, 1.0, most=10)
    assert [(one.viewed, one.at_ms) for one in found] == [("a", NOON), ("b", NOON + 1000)]
    assert found[0].chosen == pytest.approx({"b": 5.0 * 4, "c": 1.0 * 5})
    assert set(found[1].chosen) == {"c"}
    assert choices("p", done, 0.0, most=1)[0].chosen == {"b": 5.0, "c": 1.0}
    # What is remembered is what was known then, not what came after.
    assert set(found[0].profile.facts) == {"old", "a"}
    assert set(found[0].session.facts) == {"a"}
    assert ("b", "purchase") not in found[1].session.deeds


def test_a_choice_is_bounded_by_place_and_number():
    far = [step("click", "a", NOON), step("purchase", "b", NOON + 1, place=1000)]
    assert choices("p", far, 3.0, most=1)[0].chosen == {"b": 5.0 / SMALLEST}
    many = [step("click", f"i{number:02d}", NOON + number) for number in range(30)]
    assert all(len(one.chosen) <= AHEAD for one in choices("p", many, 0.8, most=30))
    assert len(choices("p", many, 0.8, most=4)) == 4
    assert choices("p", [step("click", "a", NOON), step("view", "a", NOON + 1)], 0.8, most=4) == []


def test_trends_are_of_the_week_before_and_leave_one_person_out():
    log = {
        "p": [step("click", "a", NOON - DAY_MS), step("click", "b", NOON - DAY_MS)],
        "q": [step("click", "a", NOON - 2 * DAY_MS), step("click", "late", NOON + DAY_MS)],
        "r": [step("view", "a", NOON - 3 * DAY_MS), step("click", "early", NOON - 9 * DAY_MS)],
    }
    assert Trends(log).at(NOON, "nobody") == pytest.approx({"a": 1.0, "b": 1 / 3})
    assert Trends(log).at(NOON, "p") == {"a": 1.0}
    assert Trends({}).at(NOON, "p") == {}
