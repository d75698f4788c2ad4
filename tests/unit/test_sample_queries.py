"""Queries of the sample: what they mean, and how products are judged by what is true of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.sample import Intent, facts, judgments, make_queries
from indexer.sample.dice import Dice
from indexer.sample.queries import misspelt


@pytest.fixture(scope="module")
def products():
    return [facts(7, number) for number in range(1000)]


@pytest.fixture(scope="module")
def asked(products):
    return make_queries(7, products, 200)


def test_two_hundred_different_queries_that_can_be_answered(products, asked):
    assert len({q.text for q in asked}) == len({q.id for q in asked}) == 200
    for query in asked:
        assert max(query.intent.grade(p) for p in products) == 3


def test_queries_vary(asked):
    kinds = {q.kind for q in asked}
    assert kinds >= {"type", "colour", "audience", "material", "feature", "brand", "style", "price", "chinese", "theme"}
    assert sum(q.kind == "negation" for q in asked) >= 8
    assert 15 <= sum(q.typo for q in asked) <= 50
    assert any("\u4e00" <= q.text[0] <= "\u9fff" for q in asked)


def test_grades_follow_the_rules(products):
    shoe = next(p for p in products if p.type == "sneakers" and p.family == "red")
    intent = Intent(frozenset({"sneakers"}), families=frozenset({"red"}), materials=frozenset({shoe.material}))
    assert intent.grade(shoe) == 3
    assert intent.grade(replace(shoe, colour="black")) == 2
    assert intent.grade(replace(shoe, colour="burgundy")) == 3
    assert intent.grade(replace(shoe, colour="black", material="nothing")) == 1
    assert intent.grade(next(p for p in products if p.department == "kitchen")) == 0


def test_complements_and_neighbours_get_one(products):
    intent = Intent(frozenset({"dining-table"}))
    grades = {p.type: intent.grade(p) for p in products}
    assert grades["dining-table"] == 3
    assert grades["dining-chair"] == grades["bar-stool"] == 1
    assert grades["sofa"] == 0


def test_negations_are_judged_by_what_is_not_there(products):
    intent = Intent(frozenset({"water-bottle"}), not_materials=frozenset({"plastic"}))
    bottles = [p for p in products if p.type == "water-bottle"]
    assert {p.material == "plastic": intent.grade(p) for p in bottles} == {True: 2, False: 3}


def test_price_limits(products):
    intent = Intent(frozenset({"sofa"}), highest=700.0)
    assert all(intent.grade(p) == (3 if p.price <= 700 else 2) for p in products if p.type == "sofa")


def test_all_relevant_products_are_judged_and_some_others(products, asked):
    for query in asked[::20]:
        judged = dict(judgments(7, query, products))
        assert {p.id for p in products if query.intent.grade(p) > 0} <= set(judged)
        assert 10 <= sum(grade == 0 for grade in judged.values()) < 500


def test_a_slip_changes_one_long_word():
    for number in range(200):
        slipped = misspelt("red running shoes", Dice(number)).split()
        assert slipped[0] == "red"
        assert sum(a != b for a, b in zip(slipped, ["red", "running", "shoes"], strict=True)) <= 1
    assert misspelt("red mug", Dice(1)) == "red mug"


def test_too_few_products_are_an_error(products):
    with pytest.raises(ValueError, match="ask for fewer"):
        make_queries(7, products[:1], 2000)
