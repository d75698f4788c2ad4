"""What is left out of a log, what the systems beside count, and what a place is worth."""

from __future__ import annotations

import math

import pytest

from personal.taste import Action, Facts
from personal.visits import Step
from service.evaluate_next import Neighbours, last_of, measures


def did(*deeds: tuple[str, str]) -> list[Step]:
    return [
        Step(Action(action, item, Facts({}), "", 1000 * place, f"e{place}"), "1")
        for place, (item, action) in enumerate(deeds, 1)
    ]


def met(*items: str) -> list[Step]:
    return did(*((item, "click") for item in items))


def test_the_item_met_last_is_left_out_from_its_first_step_on() -> None:
    (found,) = last_of("p", did(("a", "click"), ("b", "click"), ("b", "purchase"), ("a", "add_to_cart")))
    assert (found.target, found.at_ms) == ("b", 2000)
    assert [step.action.item for step in found.before] == ["a"]
    assert last_of("p", did(("a", "click"), ("a", "purchase"))) == []
    assert last_of("p", did(("a", "click"), ("b", "return"))) == []
    assert last_of("p", []) == []


def test_several_last_items_are_left_out_each_with_what_came_before_it() -> None:
    found = last_of("p", met("a", "b", "a", "c"), 2)
    assert [(one.target, [step.action.item for step in one.before]) for one in found] == [
        ("b", ["a"]),
        ("c", ["a", "b", "a"]),
    ]
    assert [one.target for one in last_of("p", met("a", "b", "c"), 9)] == ["b", "c"]


def test_popularity_and_neighbours_leave_the_person_out() -> None:
    done = {"p": met("a", "z"), "q": met("a", "b"), "r": met("a", "b", "c"), "s": met("c")}
    (one,) = last_of("p", done["p"])
    counts = Neighbours(done)
    assert counts.popular(one) == ["a", "b", "c", "z"]
    people = {
        item: {q for q, theirs in done.items() if q != "p" and any(s.action.item == item for s in theirs)}
        for item in "abcz"
    }
    slow = {item: len(people["a"] & people[item]) / math.sqrt(len(people["a"]) * len(people[item])) for item in "abc"}
    assert counts.near(one) == sorted(slow, key=lambda item: (-slow[item], item))
    assert "z" not in counts.near(one)


def test_what_a_place_is_worth() -> None:
    assert measures(1) == (1.0, 1.0, 1.0)
    assert measures(3) == pytest.approx((1.0, 0.5, 1 / 3))
    assert measures(10) == pytest.approx((1.0, 1 / math.log2(11), 0.1))
    assert measures(11) == measures(None) == (0.0, 0.0, 0.0)
