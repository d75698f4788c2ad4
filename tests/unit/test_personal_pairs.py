"""Co-views and co-purchases of a log: counted in people, beside chance, and never of one person alone."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import pytest

from personal.pairs import Act, acts, pairs, visits
from personal.together import lifts
from plugin.together import Overlap, Overlaps

MINUTE = 60_000


def event(person, item, action="click", time=1_740_000_000_000, **more):
    return {
        "client_id": person,
        "action_name": action,
        "timestamp": time,
        "event_attributes": {"object": {"object_id": item}},
        **more,
    }


def test_what_cannot_be_placed_is_passed_over_and_the_rest_is_in_order():
    events = [
        event("p", "b", time=1_740_000_000_002),
        event("p", "a", "purchase", time=1_740_000_000_001),
        event("p", "c", "impression"),
        event("p", None),
        event("", "a"),
        event("p", "d", time="x"),
        {},
    ]
    assert acts(events) == {"p": [Act(1_740_000_000_001, "a", "purchase"), Act(1_740_000_000_002, "b", "click")]}


def test_a_pair_needs_two_people_whatever_one_person_does():
    alone = {"bot": [Act(n, item, "purchase") for n, item in enumerate(["a", "b"] * 30)]}
    crowd = {f"p{n}": [Act(0, f"x{n}", "click")] for n in range(10)}
    assert pairs(alone | crowd) == {}
    assert pairs(alone | crowd, fewest=1) == {}
    both = {f"q{n}": [Act(0, "a", "click"), Act(1, "b", "click")] for n in range(2)}
    assert pairs(both | crowd) == {"a": {"b": 3.0}, "b": {"a": 3.0}}
    assert pairs(both | crowd, fewest=3) == {}


def test_grades_are_those_of_the_live_signal_in_a_slow_obvious_count():
    dice = random.Random(5)
    people = {
        f"p{n}": [Act(place, f"i{min(dice.randrange(9), dice.randrange(9))}", "click") for place in range(4)]
        for n in range(40)
    }
    met = defaultdict(set)
    for person, done in people.items():
        for act in done:
            met[act.item].add(person)
    found = pairs(people)
    assert found
    for item, grades in found.items():
        others = [Overlap(name, len(met[name] & met[item]), len(met[name])) for name in met if name != item]
        everything = sum(map(len, met.values()))
        known = tuple(one for one in others if one.people >= 2)
        values = lifts(Overlaps(known, sum(one.people for one in others), everything))
        relative = {name: value / (1 - value) for name, value in values.items() if value > 0.5}
        assert {name for name, grade in grades.items() if grade} == set(relative)
        for (one, first), (two, second) in itertools.combinations(relative.items(), 2):
            assert (2 ** grades[one] - 1) / (2 ** grades[two] - 1) == pytest.approx(first / second)
        assert max(grades.values()) == pytest.approx(3.0)


def test_what_never_comes_together_though_chance_would_bring_it_is_judged():
    people = {f"left{n}": [Act(0, "a", "click"), Act(1, "b", "click")] for n in range(10)}
    people |= {f"right{n}": [Act(0, "c", "click"), Act(1, "d", "click")] for n in range(10)}
    people |= {"rare": [Act(0, "e", "click")]}
    grades = pairs(people)
    assert grades["a"] == {"b": 3.0, "c": 0.0, "d": 0.0}


def test_buying_together_counts_where_looking_says_nothing():
    people = {f"p{n}": [Act(place, f"i{place}", "click") for place in range(6)] for n in range(6)}
    assert len(set(pairs(people)["i0"].values())) == 1
    for n in range(3):
        people[f"p{n}"] += [Act(9, "i0", "purchase"), Act(10, "i1", "purchase")]
        people[f"p{n + 3}"] += [Act(9, f"i{n + 2}", "purchase")]
    found = pairs(people)["i0"]
    assert found["i1"] == 3.0
    assert max(grade for item, grade in found.items() if item != "i1") < 2.6


def test_a_step_of_a_visit_knows_what_was_before_and_ends_at_a_pause():
    visit = [Act(0, "x", "click"), Act(MINUTE, "a", "click"), Act(2 * MINUTE, "b", "purchase")]
    late = [Act(0, "x", "click"), Act(MINUTE, "a", "click"), Act(60 * MINUTE, "b", "click")]
    crowd = {f"p{n}": [Act(0, f"y{n}", "click")] for n in range(10)}
    people = {"one": visit, "two": late} | crowd
    grades = pairs(people)
    steps = list(visits(people, grades))
    assert [(step.earlier, step.viewed, step.following) for step in steps] == [((visit[0],), visit[1], "b")]
    assert not list(visits(people, {}))
