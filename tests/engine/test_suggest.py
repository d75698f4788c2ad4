"""Suggestions through the front door: from enough people, from the catalogue, and at once from oneself."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from personal.event_times import now_ms
from personal.subject import Subject
from personal.trail import shards_of
from plugin.client import ClusterConfig, Engine
from plugin.names import BEHAVIOUR, SUGGESTIONS
from service.cli import build
from service.persons import mint
from tests.fixtures_service import INDEX, Running, settings_of

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as found:
        yield found


@pytest.fixture
def person(service_home: Path) -> Callable[[], dict[str, str]]:
    keys = service_home / "secrets" / "person-tokens.json"
    return lambda: {"X-Hybridrank-Person": mint(keys, Subject("default", uuid.uuid4().hex), make_key=True)}


def suggest(service: Running, typed: str, headers: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    answer = httpx.get(service.url + "/v1/suggest", params={"q": typed, **more}, headers=headers or {}, timeout=60)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["suggestions"]
    return found


def search(service: Running, query: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = httpx.post(service.url + "/v1/search", json={"query": query, "size": 3}, headers=headers, timeout=90)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wait_for(condition: Callable[[], bool], limit_s: float = 90) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.3)


def test_the_catalogues_own_phrases_are_there_as_soon_as_it_is_indexed(service: Running) -> None:
    found = suggest(service, "sho", size=50)
    assert {"Shoes"} <= {one["text"] for one in found}
    assert {one["reason"] for one in found} <= {"category", "brand", "in the catalogue", "popular search"}
    assert suggest(service, "shose")[0]["reason"].endswith("other spelling")
    assert suggest(service, "zzzzqqq") == []


def test_a_query_is_suggested_once_enough_people_typed_it_and_nobody_before(
    service: Running, engine: Engine, person: Callable[[], dict[str, str]]
) -> None:
    word = "q" + uuid.uuid4().hex[:8]
    text = f"{word} lantern"
    first = person()
    for _ in range(6):
        search(service, text, first)
    for _ in range(3):
        search(service, text, person())
    search(service, f"{word} other", person())

    def seen() -> bool:
        """All that was typed is counted: the last of it shows in the counters."""
        engine.request("POST", f"/{BEHAVIOUR}/_refresh")
        body = {
            "size": 1000,
            "query": {"bool": {"filter": [{"term": {"kind": "asked"}}, {"term": {"catalogue": INDEX}}]}},
        }
        asked = [hit["_source"]["people"] for hit in engine.search(BEHAVIOUR, body)["hits"]["hits"]]
        return any(len(people) == 4 for people in asked)

    wait_for(seen)
    engine.request("POST", f"/{SUGGESTIONS}/_refresh")
    held = json.dumps(engine.search(SUGGESTIONS, {"size": 10_000, "query": {"term": {"kind": "query"}}}))
    assert word not in held
    assert all(word not in one["text"] for one in suggest(service, word))
    search(service, text.upper(), person())
    wait_for(lambda: [one["text"] for one in suggest(service, word)] == [text])
    assert suggest(service, word)[0]["reason"] == "popular search"
    assert (
        suggest(service, "lanter " + word[:4])[0]["text"] == text
        or suggest(service, "lantern " + word)[0]["text"] == text
    )
    counted = engine.request("GET", f"/{BEHAVIOUR}/_search", {"size": 1000, "query": {"term": {"kind": "asked"}}})
    assert word not in json.dumps(counted)


def test_ones_own_query_is_offered_at_once_and_to_oneself_only(
    service: Running, person: Callable[[], dict[str, str]]
) -> None:
    ann, ben = person(), person()
    word = "own" + uuid.uuid4().hex[:8]
    search(service, f"{word} teapot", ann)
    assert suggest(service, word, ann) == [
        {"text": f"{word} teapot", "score": pytest.approx(0.7, abs=0.2), "reason": "you searched for this"}
    ]
    by_its_end = [one for one in suggest(service, "teapot", ann) if one["text"] == f"{word} teapot"]
    assert [one["reason"] for one in by_its_end] == ["you searched for this"]
    for other in ({}, ben, {"X-Hybridrank-Session": "visit-" + word}):
        assert all(word not in one["text"] for one in suggest(service, word, other))
    visit = {"X-Hybridrank-Session": "visit-" + word}
    search(service, f"{word} kettle", visit)
    assert [one["text"] for one in suggest(service, word, visit)] == [f"{word} kettle"]


def test_shoppers_with_other_tastes_get_another_order_for_the_same_letter(
    service: Running, person: Callable[[], dict[str, str]]
) -> None:
    offered = []
    for liked in ("shoes", "coffee press"):
        who = person()
        events = [
            {"action_name": "purchase", "event_attributes": {"object": {"object_id": one["id"]}}, "timestamp": now_ms()}
            for one in httpx.post(service.url + "/v1/search", json={"query": liked, "size": 6}, timeout=90).json()[
                "results"
            ]
        ]
        answer = httpx.post(service.url + "/v1/events", json=events, headers=who, timeout=90)
        assert answer.json()["accepted"] == 6
        offered.append(suggest(service, "s", who, size=20))
    orders = [[one["text"] for one in each] for each in (*offered, suggest(service, "s", size=20))]
    assert orders[0] != orders[1]
    assert orders[2] not in orders[:2], "nor is either the order for anybody"
    assert all(any(one["reason"].endswith("fits your taste") for one in each) for each in offered)


def test_bad_input_is_named(service: Running) -> None:
    for params, status in (
        ({"size": "0"}, 422),
        ({"size": "many"}, 422),
        ({"q": "x" * 2000}, 422),
        ({"index": "no-such"}, 404),
        ({"surprise": "1"}, 422),
    ):
        answer = httpx.get(service.url + "/v1/suggest", params=params, timeout=60)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_terminal_gives_the_same(service: Running, engine_url: str, service_home: Path) -> None:
    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(build(), ["suggest", *arguments, "--json"], env=settings_of(engine_url, service_home))
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert run("sho", "--size", "5")["suggestions"] == suggest(service, "sho", size=5)
    assert run("--build")["written"] == 0


def test_an_index_that_was_made_anew_is_read_anew(engine: Engine) -> None:
    from personal.suggestions.store import Record, put
    from personal.suggestions.suggester import Suggester

    name = "made-anew-" + uuid.uuid4().hex[:8]
    held = Suggester(engine, 30.0)
    put(engine, name, [Record("p.1" + name, "alpha lamp", "phrase", 0.5, 0, {})])
    assert [one.text for one in held.suggest(name, "", 5)] == ["alpha lamp"]
    put(engine, name, [Record("p.2" + name, "beta lamp", "phrase", 0.4, 0, {})])
    put(engine, name, [Record("p.1" + name, "", "phrase", 0.0, 0, {}, True)])
    held.refresh()
    assert "alpha lamp" not in [one.text for one in held.suggest(name, "", 5)]

    def both() -> bool:
        held.refresh()
        return [one.text for one in held.suggest(name, "", 5)] == ["beta lamp"]

    wait_for(both)
    assert shards_of(engine, SUGGESTIONS)
