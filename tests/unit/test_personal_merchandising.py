"""Merchandising rules: what is taken, and what they do to an order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personal.errors import RuleRejected
from personal.merchandising import Rule, apply, merged, read_rule


def test_boosts_sort_in_and_pins_take_their_places():
    ids, scores = ["a", "b", "c", "d"], [0.9, 0.8, 0.7, 0.6]
    rule = read_rule({"pinned": [{"id": "d", "place": 2}], "boosts": {"c": 0.15, "a": -0.5}})
    assert apply(ids, scores, rule) == (["c", "d", "b", "a"], pytest.approx([0.85, 0.6, 0.8, 0.4]))


def test_pins_without_places_stand_from_the_top_and_missing_ones_leave_no_gap():
    rule = read_rule({"pinned": ["c", "gone", "b"]})
    assert apply(["a", "b", "c"], [0.3, 0.2, 0.1], rule)[0] == ["c", "a", "b"]


@given(
    st.lists(st.sampled_from("abcdefgh"), unique=True),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), max_size=4),
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=4),
)
def test_nothing_is_lost_or_doubled(ids, pins, boosts):
    places = dict(sorted(pins.items(), key=lambda pin: pin[1]))
    order, scores = apply(ids, [1.0 / (n + 1) for n in range(len(ids))], Rule(places, (), boosts))
    assert sorted(order) == sorted(ids)
    assert len(scores) == len(ids)


def test_no_rule_leaves_the_order_as_it_is():
    assert apply(["b", "a", "c"], [0.5, 0.5, 0.1], Rule()) == (["b", "a", "c"], [0.5, 0.5, 0.1])


def test_a_querys_own_rule_wins_over_every_querys():
    both = merged(Rule({}, ("x", "y"), {"a": 0.1, "b": 0.1}), Rule({"x": 1}, ("z",), {"a": 0.5}))
    assert both == Rule({"x": 1}, ("z", "y"), {"a": 0.5, "b": 0.1})


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "rule"),
        ({}, "rule"),
        ({"pin": ["a"]}, "pin"),
        ({"pinned": "a"}, "pinned"),
        ({"pinned": [5]}, "pinned.0"),
        ({"pinned": [{"id": "a"}]}, "pinned.0"),
        ({"pinned": [{"id": "a", "place": 0}]}, "pinned.0.place"),
        ({"pinned": [{"id": "a", "place": True}]}, "pinned.0.place"),
        ({"pinned": ["a", "a"]}, "pinned.1"),
        ({"pinned": [{"id": "a", "place": 1}, {"id": "b", "place": 1}]}, "pinned.1"),
        ({"pinned": ["a"], "hidden": ["a"]}, "hidden"),
        ({"hidden": [None]}, "hidden.0"),
        ({"hidden": ["a"] * 201}, "hidden"),
        ({"boosts": {"a": 2}}, "boosts"),
        ({"boosts": {"a": "1"}}, "boosts"),
        ({"boosts": {"a": float("nan")}}, "boosts"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(value, field):
    with pytest.raises(RuleRejected) as caught:
        read_rule(value)
    assert caught.value.field == field
