"""What goes together is a function of the events; recommendations through a real service process."""

from __future__ import annotations

import itertools
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from personal.counters import Family
from personal.event_times import now_ms
from personal.intake import Intake
from personal.pseudonyms import load
from personal.together import TogetherReader, lifts
from plugin.catalogue import create_generation, publish
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import BEHAVIOUR
from plugin.together import INTEREST, MIN_PEOPLE, Overlap, Overlaps
from tests.fixtures_service import INDEX, Running

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as made:
        install(made)
        yield made


def event(name: str, catalogue: str, person: str, item: str, action: str = "click", age_ms: int = 0) -> dict[str, Any]:
    return {
        "application": catalogue,
        "action_name": action,
        "event_id": name,
        "client_id": person,
        "timestamp": now_ms() - age_ms,
        "event_attributes": {"object": {"object_id": item}},
    }


def test_what_goes_together_is_counted_in_people_and_repeats_change_nothing(engine: Engine, tmp_path: Path) -> None:
    catalogue = f"together-{uuid.uuid4().hex[:8]}"
    publish(engine, create_generation(engine, catalogue, text_encoder=None))
    items = [f"i{number}" for number in range(8)]
    for item in items:
        engine.request("PUT", f"/{catalogue}/_doc/{item}", {"id": item, "title": item})
    pseudonyms = load(tmp_path)
    family = Family(30.0, pseudonyms.key_id, random.randrange(10**9))
    dice = random.Random(5)
    actions = ["impression", "click", "view", "purchase"]
    events = [
        event(f"e{number}", catalogue, f"person {dice.randrange(12)}", dice.choice(items), dice.choice(actions))
        for number in range(150)
    ]
    events += [event(f"bot{number}", catalogue, "bot", dice.choice(items[:2])) for number in range(200)]
    intake = Intake(engine, pseudonyms, family)
    for given in (events, events[::-1]):
        assert intake.take(given, default=catalogue).fold_failed == ""
    engine.request("POST", f"/{BEHAVIOUR}/_refresh")

    cared: dict[str, set[str]] = defaultdict(set)
    bought: dict[str, set[str]] = defaultdict(set)
    for one in events:
        item = one["event_attributes"]["object"]["object_id"]
        if one["action_name"] in INTEREST:
            cared[item].add(one["client_id"])
        if one["action_name"] == "purchase":
            bought[item].add(one["client_id"])

    def slow(by_item: dict[str, set[str]], seed: str) -> dict[str, float]:
        group = by_item[seed]
        others = {item: people for item, people in by_item.items() if item != seed}
        found = [Overlap(item, len(people & group), len(people)) for item, people in others.items()]
        pairs = sum(one.people for one in found)
        return lifts(Overlaps(tuple(found), pairs, sum(map(len, by_item.values()))))

    reader = TogetherReader(engine, family)
    for seed in items[:3]:
        (answer,) = reader.of(catalogue, [[seed]])
        for values, by_item in ((answer.seen, cared), (answer.bought, bought)):
            expected = slow(by_item, seed)
            assert seed not in values
            for item, value in values.items():
                assert value == pytest.approx(expected[item]), (seed, item)
                assert len(by_item[item] & by_item[seed]) >= MIN_PEOPLE
    trending = reader.trending(catalogue)
    most = max(map(len, cared.values()))
    assert trending == pytest.approx({item: len(people) / most for item, people in cared.items()})
    assert reader.of(catalogue, [["nobody knows"], []])[0].signals() == {}


def get(service: Running, **query: Any) -> httpx.Response:
    return httpx.get(f"{service.url}/v1/recommend", params=query, timeout=120)


@pytest.fixture(scope="module")
def products(service: Running) -> list[dict[str, Any]]:
    body = {"query": "shoes", "size": 5}
    return list(httpx.post(f"{service.url}/v1/search", json=body, timeout=120).json()["results"])


def test_recommendations_stand_beside_an_item_and_never_hold_what_is_on_the_page(
    service: Running, products: list[dict[str, Any]]
) -> None:
    shown = [product["id"] for product in products]
    found = get(service, item=shown[0], size=6, exclude=",".join(shown[1:])).json()
    ids = [one["id"] for one in found["recommendations"]]
    assert len(ids) == len(set(ids)) == 6
    assert not set(ids) & set(shown)
    assert "degraded" not in found
    for one in found["recommendations"]:
        assert one["reason"]
        assert -1.0 <= one["signals"]["text_vector"] <= 1.0
        assert "text_vector" not in one["source"]
        assert 0.0 <= one["score"] <= 1.0
    # The same is answered again, unless events of earlier tests were counted in between: then once more.
    lists = [ids]
    while len(lists) < 4 and (len(lists) == 1 or lists[-1] != lists[-2]):
        again = get(service, item=shown[0], size=6, exclude=",".join(shown[1:])).json()
        assert "degraded" not in again
        lists.append([one["id"] for one in again["recommendations"]])
    assert lists[-1] == lists[-2]


def test_diversity_makes_the_list_less_alike(service: Running, products: list[dict[str, Any]]) -> None:
    def alike(diversity: float) -> float:
        found = get(service, item=products[0]["id"], size=8, diversity=diversity).json()["recommendations"]
        kinds = [one["source"]["category"][-1] for one in found]
        return sum(a == b for a, b in itertools.combinations(kinds, 2))

    assert alike(0.9) < alike(0.0)


def test_what_others_bought_together_is_recommended_with_its_reason(
    service: Running, products: list[dict[str, Any]], engine: Engine
) -> None:
    seed = products[0]["id"]
    shoes = {product["id"] for product in products}
    before = [one["id"] for one in get(service, item=seed, size=50, diversity=0).json()["recommendations"]]
    other = next(item for item in reversed(before) if item not in shoes)
    run = uuid.uuid4().hex
    events = [
        event(f"{run}-{person}-{item}", INDEX, f"{run} {person}", item, "purchase")
        for person in range(8)
        for item in (seed, other)
    ]
    # Others buy other things: what everyone buys would tell nothing about the two.
    events += [
        event(f"{run}-other-{person}", INDEX, f"{run} other {person}", products[1 + person % 4]["id"], "purchase")
        for person in range(30)
    ]
    assert httpx.post(f"{service.url}/v1/events", json=events, timeout=120).json()["accepted"] == len(events)
    engine.request("POST", f"/{BEHAVIOUR}/_refresh")
    after = get(service, item=seed, size=50, diversity=0).json()["recommendations"]
    found = next(one for one in after if one["id"] == other)
    assert found["signals"]["together"] > 0.5
    assert found["reason"].startswith("Often bought with")
    assert after.index(found) < before.index(other)


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"item": "no such product"}, 404, "item"),
        ({"item": "x", "size": 0}, 422, "size"),
        ({"item": "x", "diversity": 2}, 422, "diversity"),
        ({"item": "x", "diversity": "nan"}, 422, "diversity"),
        ({"item": "x", "index": "no-such-index"}, 404, "index"),
        ({"item": "x", "exclude": ",".join(map(str, range(300)))}, 422, "exclude"),
        ({"item": "x", "unknown": "1"}, 422, "unknown"),
    ],
)
def test_bad_input_is_named(service: Running, query: dict[str, Any], status: int, field: str) -> None:
    answer = get(service, **query)
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"][0]["field"]


def test_a_rule_hides_from_recommendations_too(service: Running, products: list[dict[str, Any]]) -> None:
    seed = products[0]["id"]
    first = get(service, item=seed).json()["recommendations"][0]["id"]
    rules = f"{service.url}/v1/merchandising"
    assert httpx.put(rules, json={"query": "*", "hidden": [first]}, timeout=60).status_code == 200
    try:
        assert first not in [one["id"] for one in get(service, item=seed).json()["recommendations"]]
    finally:
        httpx.delete(rules, params={"query": "*"}, timeout=60)
