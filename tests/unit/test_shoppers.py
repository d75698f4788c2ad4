"""Simulated shoppers: reproducible, valid, and driven by their tastes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from statistics import mean

import pytest

from indexer.sample import generate, phrases
from personal.shoppers import Cascade, LexicalSearch, Market, PositionBased, make_shoppers, simulate, utility
from personal.shoppers.chance import Chance
from personal.shoppers.market import kind
from personal.shoppers.session import odds_of

from .hash_seed import outputs

DIGEST = """
import hashlib, json
from indexer.sample import generate
from personal.shoppers import LexicalSearch, Market, make_shoppers, simulate
catalogue = list(generate(7, 300))
market = Market.of(catalogue)
records = list(simulate(make_shoppers(market, 20), LexicalSearch(catalogue), market, days=5))
print(hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def catalogue():
    return list(generate(7, 1000))


@pytest.fixture(scope="module")
def market(catalogue):
    return Market.of(catalogue)


@pytest.fixture(scope="module")
def shoppers(market):
    return make_shoppers(market, 300)


@pytest.fixture(scope="module")
def records(catalogue, market, shoppers):
    return list(simulate(shoppers, LexicalSearch(catalogue), market, phrases=phrases()))


@pytest.fixture(scope="module")
def events(records):
    return [r.document for r in records if r.kind == "event"]


def item(event):
    return event["event_attributes"]["object"]["object_id"]


def ordinal(event):
    return event["event_attributes"]["position"]["ordinal"]


def test_the_hash_seed_of_python_changes_nothing():
    assert len(outputs(DIGEST)) == 1


def test_records_are_ubi_and_in_order(records, catalogue):
    known = {p["id"] for p in catalogue}
    asked = set()
    ids = Counter()
    for record in records:
        document = record.document
        assert datetime.fromisoformat(document["timestamp"]).tzinfo is not None
        assert document["timestamp"].endswith("Z")
        if record.kind == "query":
            asked.add(document["query_id"])
            ids[document["query_id"]] += 1
            assert set(document["query_response_hit_ids"]) <= known
            continue
        ids[document["event_id"]] += 1
        assert item(document) in known
        assert ordinal(document) >= 1
        assert "query_id" not in document or document["query_id"] in asked
    assert max(ids.values()) == 1
    stamps = [r.timestamp for r in records]
    assert stamps == sorted(stamps)


def test_every_action_occurs_and_each_follows_from_the_one_before(events):
    counts = Counter(e["action_name"] for e in events)
    assert set(counts) == {"impression", "click", "view", "add_to_cart", "purchase", "return"}
    assert counts["impression"] > counts["click"] > counts["add_to_cart"] > counts["purchase"] > counts["return"] > 0
    seen = {(e["query_id"], item(e), ordinal(e)) for e in events if e["action_name"] == "impression"}
    for event in events:
        if event["action_name"] == "click":
            assert (event["query_id"], item(event), ordinal(event)) in seen
    bought = {(e["client_id"], item(e)) for e in events if e["action_name"] == "purchase"}
    assert all((e["client_id"], item(e)) in bought for e in events if e["action_name"] == "return")


def test_nothing_is_bought_that_is_not_in_stock(events, catalogue):
    absent = {p["id"] for p in catalogue if not p["in_stock"]}
    assert any(item(e) in absent for e in events if e["action_name"] == "view")
    assert not any(item(e) in absent for e in events if e["action_name"] in {"add_to_cart", "purchase"})


def test_the_click_rate_falls_with_the_position_also_when_results_are_shuffled(catalogue, market, shoppers):
    search = LexicalSearch(catalogue, size=10)

    def shuffled(query):
        return Chance("shuffle", query).some(search(query), 10)

    shown, clicked = Counter(), Counter()
    robots = {s.client_id for s in shoppers if s.is_bot}
    for record in simulate(shoppers, shuffled, market):
        event = record.document
        if record.kind == "event" and event["client_id"] not in robots and "query_id" in event:
            shown[ordinal(event)] += event["action_name"] == "impression"
            clicked[ordinal(event)] += event["action_name"] == "click"
    rate = {k: clicked[k] / shown[k] for k in shown}
    assert rate[1] > 1.4 * rate[3] > 1.4 * rate[9]
    # The shuffle makes relevance independent of the place, so the fall is the propensity: 1 / rank ** 0.8 or so.
    expected = mean(PositionBased().propensity(5, s.persona.patience) for s in shoppers if not s.is_bot)
    assert abs(rate[5] / rate[1] - expected) < 0.12


@pytest.mark.parametrize("model", [PositionBased(), Cascade()])
@pytest.mark.parametrize("patience", [0.8, 1.3])
def test_what_is_looked_at_is_what_clicking_draws_by(model, patience):
    worth = [0.6, 0.05, 0.3, 0.0, 0.5]
    draws = Counter(place for n in range(8000) for place in model.clicked(worth, patience, Chance(n, "looked")))
    looked = model.looked(worth, patience)
    assert looked[0] == 1.0
    for place, (seen, a) in enumerate(zip(looked, worth, strict=True)):
        assert draws[place] / 8000 == pytest.approx(seen * a, abs=0.02)


@pytest.mark.parametrize("model", [PositionBased(), Cascade()])
def test_purchases_follow_the_taste_of_the_buyer_not_of_another(catalogue, market, shoppers, model):
    products = market.products
    by_client = {s.client_id: s for s in shoppers}
    own, others = [], []
    for record in simulate(shoppers, LexicalSearch(catalogue), market, clicks=model):
        if record.document.get("action_name") == "purchase":
            buyer = by_client[record.document["client_id"]]
            stranger = shoppers[(shoppers.index(buyer) + 101) % 300]
            own.append(utility(buyer, products[item(record.document)]))
            others.append(utility(stranger, products[item(record.document)]))
    assert len(own) > 100
    assert mean(own) > mean(others) + 0.7
    assert mean(o > s for o, s in zip(own, others, strict=True)) > 0.65


def test_returns_come_from_the_less_pleased(events, shoppers, market):
    by_client = {s.client_id: s for s in shoppers}
    worth = {
        action: mean(
            utility(by_client[e["client_id"]], market.products[item(e)]) for e in events if e["action_name"] == action
        )
        for action in ("purchase", "return")
    }
    assert worth["return"] < worth["purchase"]


def test_the_bot_clicks_on_everything_and_buys_nothing(events, shoppers):
    robot = next(s.client_id for s in shoppers if s.is_bot)
    own = Counter(e["action_name"] for e in events if e["client_id"] == robot)
    assert own["click"] == own["impression"] > 100
    assert set(own) == {"click", "impression"}


def test_few_things_are_popular(market, events):
    assert sum(p > 0.5 for p in market.popularity.values()) < 0.25 * len(market.popularity)
    views = Counter(item(e) for e in events if e["action_name"] == "view" and "query_id" not in e)
    top = mean(market.popularity[i] for i, _ in views.most_common(30))
    assert top > 2 * mean(market.popularity.values())


def test_a_cascade_stops_when_satisfied():
    always = Cascade(going_on=1.0, satisfied=1.0)
    assert always.clicked([0.0, 1.0, 1.0], 1.0, Chance(1)) == [1]
    assert Cascade(going_on=1.0, satisfied=0.0).clicked([1.0, 1.0], 1.0, Chance(1)) == [0, 1]


def test_shoppers_are_many_kinds_of_people(shoppers):
    assert len({s.persona.name for s in shoppers}) == 6
    assert len({s.client_id for s in shoppers}) == 301
    assert len({tuple(s.brands) for s in shoppers}) > 290


def test_a_search_that_finds_nothing_leaves_queries_only(market):
    records = list(simulate(make_shoppers(market, 10, bots=0), lambda _: [], market))
    assert any(r.kind == "query" for r in records)
    assert all("query_id" not in r.document for r in records if r.kind == "event")


def test_the_lexical_search_ranks_by_words(catalogue):
    best = LexicalSearch(catalogue)("red sneakers")
    titles = {p["id"]: p["title"].lower() + p["category"][-1].lower() for p in catalogue}
    assert "sneakers" in titles[best[0]]
    assert LexicalSearch(catalogue)("xyzzy") == []


@pytest.mark.parametrize("wrong", [{"days": 0}, {"start": datetime(2025, 1, 1)}])
def test_bad_settings_are_refused(market, wrong):
    with pytest.raises(ValueError, match="days must be 1 or more"):
        next(simulate([], lambda _: [], market, **wrong))


def test_a_catalogue_without_categories_is_refused():
    with pytest.raises(ValueError, match="no product with a category"):
        Market.of([{"id": "1", "title": "x"}])


def test_ids_do_not_depend_on_what_else_is_simulated(catalogue, market, shoppers):
    search = LexicalSearch(catalogue)
    alone = [r.document for r in simulate(shoppers[:1], search, market)]
    together = [r.document for r in simulate(shoppers[:5], search, market)]
    mine = [d for d in together if d["client_id"] == shoppers[0].client_id]
    digest = [hashlib.sha256(json.dumps(d, sort_keys=True).encode()).hexdigest() for d in alone]
    assert digest == [hashlib.sha256(json.dumps(d, sort_keys=True).encode()).hexdigest() for d in mine]


def test_the_odds_are_what_visits_draw_by(records, shoppers, market, catalogue):
    people, products = {one.client_id: one for one in shoppers}, {one["id"]: one for one in catalogue}
    events = [record.document for record in records if record.kind == "event"]
    expected, found = Counter(), Counter(event["action_name"] for event in events)
    for event in events:
        item = event["event_attributes"]["object"]["object_id"]
        if event["action_name"] in ("add_to_cart", "purchase") and event["client_id"] in people:
            odds = odds_of(people[event["client_id"]], products[item], kind(products[item]))
            expected[event["action_name"]] += odds.purchase if event["action_name"] == "add_to_cart" else odds.back
    assert found["purchase"] == pytest.approx(expected["add_to_cart"], rel=0.1)
    assert found["return"] == pytest.approx(expected["purchase"], rel=0.4)
