"""Profiles through the front door: what somebody does changes their next search and nobody else's, and only they can
read it."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from personal.subject import Subject
from plugin.client import ClusterConfig, Engine
from plugin.names import PROFILES, UBI_EVENTS, UBI_QUERIES
from service.parts import Parts
from service.persons import mint
from service.settings import Settings
from tests.fixtures_service import INDEX, Running

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as found:
        yield found


@pytest.fixture
def parts(engine_url: str, service_home: Path) -> Iterator[Parts]:
    """The service's parts in this process: what its own workers read and write."""
    found = Parts(Settings(home=service_home, opensearch_url=engine_url, index=INDEX, opensearch_timeout_s=60))
    yield found
    found.close()


@pytest.fixture
def somebody(service: Running, service_home: Path) -> dict[str, str]:
    """The headers of a person who has done nothing yet."""
    keys = service_home / "secrets" / "person-tokens.json"
    token = mint(keys, Subject("default", f"canary-{uuid.uuid4().hex}@example.org"), make_key=True)
    return {"X-Hybridrank-Person": token}


def search(service: Running, query: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    body = {"query": query, "size": 50, **more}
    answer = httpx.post(service.url + "/v1/search", json=body, headers=headers or {}, timeout=90)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(service: Running, headers: dict[str, str], action: str, items: list[str], **more: Any) -> None:
    events = [
        {
            "action_name": action,
            "event_id": str(uuid.uuid4()),
            "timestamp": int(time.time() * 1000),
            "event_attributes": {"object": {"object_id": item}},
            **more,
        }
        for item in items
    ]
    answer = httpx.post(service.url + "/v1/events", json=events, headers=headers, timeout=90)
    assert answer.status_code == 200, answer.text
    assert answer.json()["rejected"] == []


def of_brand(found: dict[str, Any], brand: str) -> list[dict[str, Any]]:
    return [result for result in found["results"] if result["source"].get("brand") == brand]


def brands(found: dict[str, Any]) -> list[str]:
    """Brands of a result, those with the most products first."""
    names = [str(result["source"]["brand"]) for result in found["results"] if result["source"].get("brand")]
    return sorted(set(names), key=lambda name: (-names.count(name), name))


def test_what_somebody_buys_changes_their_next_search_and_nobody_elses(
    service: Running, somebody: dict[str, str], service_home: Path
) -> None:
    before = search(service, "shoes", somebody)
    assert all("profile" not in result["signals"] for result in before["results"])
    liked = brands(before)[0]
    act(service, somebody, "purchase", [result["id"] for result in of_brand(before, liked)][:5])
    after = search(service, "shoes", somebody)
    assert "degraded" not in after
    signals = {result["id"]: result["signals"]["profile"] for result in after["results"]}
    mine = [signals[result["id"]] for result in of_brand(after, liked)]
    others = [signals[result["id"]] for result in after["results"] if result["source"].get("brand") != liked]
    assert sum(mine) / len(mine) > 0.5
    assert sum(mine) / len(mine) > sum(others) / len(others) + 0.05
    assert all("profile" not in result["signals"] for result in search(service, "shoes")["results"])
    keys = service_home / "secrets" / "person-tokens.json"
    other = {"X-Hybridrank-Person": mint(keys, Subject("default", uuid.uuid4().hex))}
    assert all("profile" not in result["signals"] for result in search(service, "shoes", other)["results"])


def test_a_visit_without_a_login_is_remembered_for_itself(service: Running, engine: Engine) -> None:
    name = "visit-" + uuid.uuid4().hex
    visit = {"X-Hybridrank-Session": name}
    found = search(service, "lamp", visit)
    act(service, visit, "click", [found["results"][0]["id"]])
    after = search(service, "lamp", visit)
    assert all("session" in result["signals"] for result in after["results"])
    assert "session" not in search(service, "lamp", {"X-Hybridrank-Session": name + "x"})["results"][0]["signals"]
    for index in (PROFILES, UBI_EVENTS, UBI_QUERIES):
        engine.request("POST", f"/{index}/_refresh")
        assert name not in json.dumps(engine.search(index, {"size": 1000}))


def test_a_login_keeps_what_the_visit_did_before(service: Running, somebody: dict[str, str]) -> None:
    visit = {"X-Hybridrank-Session": "visit-" + uuid.uuid4().hex}
    found = search(service, "lamp", visit)
    act(service, visit, "click", [found["results"][0]["id"]])
    signals = search(service, "lamp", {**visit, **somebody})["results"][0]["signals"]
    assert "session" in signals
    assert "profile" not in signals
    act(service, {**visit, **somebody}, "click", [found["results"][1]["id"]])
    assert {"session", "profile"} <= set(search(service, "lamp", {**visit, **somebody})["results"][0]["signals"])


def test_an_order_that_was_made_for_somebody_is_replayed_to_them_alone(
    service: Running, somebody: dict[str, str], engine: Engine, parts: Parts
) -> None:
    found = search(service, "bag", somebody)
    act(service, somebody, "purchase", [found["results"][0]["id"]])
    mine = search(service, "bag", somebody)
    again = search(service, "bag", somebody, query_id=mine["query_id"])
    assert [result["id"] for result in again["results"]] == [result["id"] for result in mine["results"]]
    for stranger in ({}, {"X-Hybridrank-Session": "visit-" + uuid.uuid4().hex}):
        body = {"query": "bag", "query_id": mine["query_id"]}
        refused = httpx.post(service.url + "/v1/search", json=body, headers=stranger, timeout=90)
        assert refused.status_code == 422
    logged = engine.request("GET", f"/{UBI_QUERIES}/_doc/{INDEX}:{mine['query_id']}")["_source"]
    assert parts.keystore.behind(logged["client_id"]) is not None
    assert "profile" not in json.dumps(logged)


def test_the_live_profile_is_what_the_log_gives(service: Running, somebody: dict[str, str], parts: Parts) -> None:
    person = identity(parts, somebody)
    found = search(service, "red shoes", somebody)
    items = [result["id"] for result in found["results"]]
    act(service, somebody, "click", items[:6], user_query="red shoes")
    act(service, somebody, "view", items[2:4])
    act(service, somebody, "impression", items)
    act(service, somebody, "dance", items[:2])
    act(service, somebody, "click", ["no such product"])
    search(service, "boots", somebody)
    for index in (UBI_EVENTS, UBI_QUERIES):
        parts.engine.request("POST", f"/{index}/_refresh")
    live = [found.taste for kind, _, found in parts.people.profiles.vault.all_of(person) if kind == "profile"]
    rebuilt = parts.people.profiles.rebuilt(person, INDEX)
    assert len(live) == 1
    assert live[0].deeds == rebuilt.deeds
    assert live[0].facts == rebuilt.facts
    assert live[0].recent_queries == rebuilt.recent_queries == ["boots", "red shoes"]
    assert len(rebuilt.deeds) == 8
    parts.people.learn_stored(stored_events(parts.engine, person.pseudonym))
    assert [found.taste for kind, _, found in parts.people.profiles.vault.all_of(person) if kind == "profile"] == live


def identity(parts: Parts, headers: dict[str, str]) -> Any:
    claims = headers["X-Hybridrank-Person"].split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return parts.keystore.obtain("default", subject)


def stored_events(engine: Engine, pseudonym: str) -> list[tuple[str, dict[str, Any]]]:
    hits = engine.search(UBI_EVENTS, {"size": 1000, "query": {"term": {"client_id": pseudonym}}})["hits"]["hits"]
    return [(str(hit["_id"]), hit["_source"]) for hit in hits]


def tamper(engine: Engine, pseudonym: str) -> None:
    """Change one bit of a person's record."""
    engine.request("POST", f"/{PROFILES}/_refresh")
    hit = engine.search(PROFILES, {"query": {"term": {"person": pseudonym}}})["hits"]["hits"][0]
    sealed = bytearray(base64.b64decode(hit["_source"]["sealed"]))
    sealed[40] ^= 1
    changed = {**hit["_source"], "sealed": base64.b64encode(sealed).decode()}
    engine.request("PUT", f"/{PROFILES}/_doc/{hit['_id']}", changed, {"refresh": "true"})


def test_a_record_that_was_tampered_with_degrades_its_owner_only_and_heals(
    service: Running, somebody: dict[str, str], parts: Parts, service_home: Path
) -> None:
    person = identity(parts, somebody)
    found = search(service, "watch", somebody)
    act(service, somebody, "purchase", [found["results"][0]["id"]])
    # The reconciler may make the record anew from the log before it is read; then it is tampered with once more.
    for _ in range(5):
        tamper(parts.engine, person.pseudonym)
        answer = search(service, f"unheard of {uuid.uuid4().hex[:5]}", somebody)
        if "degraded" in answer:
            break
    assert answer["degraded"] == "profile"
    assert answer["results"]
    assert "hybridrank_profiles_unreadable_total" in httpx.get(service.url + "/metrics", timeout=60).text
    assert "degraded" not in search(service, "watch")
    # What it knew is made anew from the log as soon as something is added to it.
    parts.engine.request("POST", f"/{UBI_EVENTS}/_refresh")
    act(service, somebody, "click", [found["results"][1]["id"]])
    healed = search(service, "watch", somebody)
    assert "degraded" not in healed
    assert "profile" in healed["results"][0]["signals"]
    record = parts.people.profiles.read(parts_visitor(parts, person), INDEX)
    assert set(record.profile.facts) == {found["results"][0]["id"], found["results"][1]["id"]}


def parts_visitor(parts: Parts, person: Any) -> Any:
    from personal.visitor import Visitor

    return Visitor(person.tenant, person)


def test_records_of_others_do_not_open_in_ones_own_place(service: Running, parts: Parts, service_home: Path) -> None:
    keys = service_home / "secrets" / "person-tokens.json"
    people = [{"X-Hybridrank-Person": mint(keys, Subject("default", uuid.uuid4().hex), make_key=True)} for _ in "ab"]
    for headers in people:
        found = search(service, "tent", headers)
        act(service, headers, "purchase", [found["results"][0]["id"]])
    parts.engine.request("POST", f"/{PROFILES}/_refresh")
    first, second = (
        parts.engine.search(PROFILES, {"query": {"term": {"person": identity(parts, headers).pseudonym}}})["hits"][
            "hits"
        ][0]
        for headers in people
    )
    swapped = {**first["_source"], "sealed": second["_source"]["sealed"]}
    parts.engine.request("PUT", f"/{PROFILES}/_doc/{first['_id']}", swapped, {"refresh": "true"})
    assert search(service, "tent", people[0])["degraded"] == "profile"
    assert "degraded" not in search(service, "tent", people[1])
