"""Friends: what somebody shares reaches their friends, only while they share it, and nobody reads it in the engine."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from personal.errors import KeyGone
from personal.event_times import now_ms
from personal.friends import HALF, SHARE, social
from personal.keystore import Identity
from personal.profiles import NOTHING_HELD
from personal.subject import Subject
from personal.taste import Action
from personal.visitor import Visitor
from plugin.candidates import Hit, gather
from plugin.catalogue import lookup
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import SOCIAL, UBI_EVENTS
from plugin.query import SearchRequest
from service.attribution import attributed
from service.parts import Parts
from service.persons import mint
from service.settings import Settings
from tests.fixtures_service import INDEX, Running

pytestmark = pytest.mark.engine
WAIT_S = 120


@pytest.fixture(scope="module")
def parts(engine_url: str, service_home: Path) -> Iterator[Parts]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        install(engine)
    found = Parts(Settings(home=service_home, opensearch_url=engine_url, index=INDEX, opensearch_timeout_s=60))
    yield found
    found.close()


@pytest.fixture
def names() -> list[str]:
    """Subjects whom nobody has met."""
    run = uuid.uuid4().hex
    return [f"{name}-{run}@example.org" for name in ("ada", "ben", "cleo")]


def person(parts: Parts, name: str) -> Identity:
    return parts.keystore.obtain("default", name)


def gathered(parts: Parts, size: int) -> list[Hit]:
    """Some products."""
    return list(gather(parts.engine, lookup(parts.engine, INDEX), SearchRequest(size=size)).hits)


def headers(home: Path, name: str) -> dict[str, str]:
    keys = home / "secrets" / "person-tokens.json"
    return {"X-Hybridrank-Person": mint(keys, Subject("default", name), make_key=True)}


def post_graph(service: Running, **body: Any) -> dict[str, Any]:
    answer = httpx.post(f"{service.url}/v1/graph", json=body, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def buy(service: Running, who: dict[str, str], item: str) -> None:
    event = {
        "action_name": "purchase",
        "event_id": uuid.uuid4().hex,
        "timestamp": now_ms(),
        "event_attributes": {"object": {"object_id": item}},
    }
    answer = httpx.post(f"{service.url}/v1/events", json=event, headers=who, timeout=WAIT_S)
    assert answer.json() == {"accepted": 1, "rejected": []}


def products(service: Running, query: str) -> list[str]:
    body = {"query": query, "size": 4}
    found = httpx.post(f"{service.url}/v1/search", json=body, timeout=WAIT_S).json()["results"]
    return [one["id"] for one in found]


def recommended(service: Running, who: dict[str, str], **query: Any) -> dict[str, dict[str, Any]]:
    answer = httpx.get(f"{service.url}/v1/recommend", params={"size": 50, **query}, headers=who, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["recommendations"]}


def test_who_is_erased_at_this_moment_is_taught_nothing_and_shares_nothing(
    parts: Parts, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    item = "P00001"
    event = {"action_name": "click", "application": INDEX, "event_attributes": {"object": {"object_id": item}}}
    met = person(parts, names[0])  # by a request that is under way
    parts.friends.share(met)
    parts.erasure.erase(Visitor("default", met), names[0])
    entries = parts.keystore.count()
    with pytest.raises(KeyGone):
        parts.friends.share(met)
    parts.people.share(Visitor("default", met), [("late", event)])
    parts.people.note_query(Visitor("default", met), INDEX, "lamp", NOTHING_HELD)
    parts.people.learn(Visitor("default", met), [("late", event)])
    assert parts.keystore.count() == entries, "no key without a person"
    assert parts.people.profiles.vault.all_of(met) == []
    assert caplog.records == [], "nothing went wrong"


def test_what_is_shared_reaches_friends_until_it_is_taken_back(
    service: Running, service_home: Path, parts: Parts, names: list[str]
) -> None:
    ada, ben, _ = names
    as_ada, as_ben, as_cleo = (headers(service_home, name) for name in names)
    before, shared, later = products(service, "coffee press")[:3]
    assert post_graph(service, edges=[[ada, ben]]) == {"accepted": 1, "rejected": []}
    buy(service, as_ben, before)
    assert httpx.get(f"{service.url}/v1/sharing", headers=as_ben, timeout=WAIT_S).json() == {"sharing": False}
    assert recommended(service, as_ada, social=True) == {} or before not in {
        item for item, one in recommended(service, as_ada, social=True).items() if "social" in one["signals"]
    }
    assert httpx.put(f"{service.url}/v1/sharing", headers=as_ben, timeout=WAIT_S).json() == {"sharing": True}
    buy(service, as_ben, shared)
    feed = recommended(service, as_ada, social=True)
    assert feed[shared]["signals"]["social"] == pytest.approx(0.5 + 0.5 / (1 + HALF), abs=1e-3)
    assert feed[shared]["reason"] == "Your friends like it"
    assert "social" not in feed.get(before, {"signals": {}})["signals"], "what came before sharing is not shared"
    assert all("social" not in one["signals"] for one in recommended(service, as_ada).values())
    assert all("social" not in one["signals"] for one in recommended(service, as_cleo, social=True).values())
    assert all("social" not in one["signals"] for one in recommended(service, as_ben, social=True).values())

    parts.engine.request("POST", f"/{SOCIAL}/_refresh")
    everything = json.dumps(parts.engine.search(SOCIAL, {"size": 1000}))
    assert not any(secret in everything for secret in (*names, shared, later))

    held = httpx.get(f"{service.url}/v1/profile", headers=as_ben, timeout=WAIT_S).json()["records"]
    assert [len(one["since"]) for one in held if one["kind"] == "friends"] == [1]
    assert shared in [item["item"] for one in held if one["kind"] == "shared" for item in one["items"]]
    assert person(parts, ada).pseudonym not in json.dumps(held)
    assert httpx.delete(f"{service.url}/v1/sharing", headers=as_ben, timeout=WAIT_S).json() == {"sharing": False}
    buy(service, as_ben, later)
    assert all("social" not in one["signals"] for one in recommended(service, as_ada, social=True).values())
    # Sharing again is a new record with a new key: nothing of the old one comes back.
    parts.friends.share(person(parts, ben))
    assert parts.friends.of(person(parts, ada), INDEX).values == {}


def test_what_a_crash_left_unshared_the_reconciler_shares(parts: Parts, names: list[str]) -> None:
    ada, ben, _ = names
    friends, who = parts.friends, person(parts, ben)
    assert friends.link("default", [[ada, ben]]).accepted == 1
    items = [hit.id for hit in gathered(parts, 2)]

    def stored(item: str) -> None:
        """Store and count, and die before anything is taught or shared."""
        event = {
            "action_name": "purchase",
            "event_id": uuid.uuid4().hex,
            "timestamp": now_ms(),
            "event_attributes": {"object": {"object_id": item}},
        }
        assert parts.behaviour.intake.take(attributed([event], Visitor("default", who)), default=INDEX).stored == 1

    stored(items[0])
    friends.share(who)
    stored(items[1])
    # The service's own reconciler may be the one that finds it; either way it is found once, and stays so.
    until = time.monotonic() + WAIT_S
    while not friends.of(person(parts, ada), INDEX).values and time.monotonic() < until:
        parts.behaviour.reconciler.run()
    found = friends.of(person(parts, ada), INDEX).values
    assert found == {items[1]: pytest.approx(0.5 + 0.5 / (1 + HALF), abs=1e-3)}, (
        "what came before sharing is not shared"
    )
    parts.engine.request("POST", f"/{UBI_EVENTS}/_refresh")
    hits = parts.engine.search(UBI_EVENTS, {"query": {"term": {"client_id": who.pseudonym}}})["hits"]["hits"]
    assert len(hits) == 2
    assert friends.note_stored([(hit["_id"], hit["_source"]) for hit in hits]) == 0
    assert friends.of(person(parts, ada), INDEX).values.keys() == {items[1]}


def test_a_record_that_does_not_open_is_named_and_harms_nobody_else(
    parts: Parts, service: Running, service_home: Path, names: list[str]
) -> None:
    ada, ben, cleo = names
    friends, items = parts.friends, [one.id for one in gathered(parts, 2)]
    friends.link("default", [[ada, ben], [ada, cleo]])
    for name, item in zip((ben, cleo), items, strict=True):
        friends.share(person(parts, name))
        friends.note(person(parts, name), [(INDEX, Action("purchase", item, None, "", now_ms(), name))])
    assert friends.of(person(parts, ada), INDEX).values.keys() == set(items)

    def tamper(owner: str, kind: str) -> None:
        parts.engine.request("POST", f"/{SOCIAL}/_refresh")
        query = {"bool": {"filter": [{"term": {"person": owner}}, {"term": {"kind": kind}}]}}
        (hit,) = parts.engine.search(SOCIAL, {"query": query})["hits"]["hits"]
        sealed = hit["_source"]["sealed"]
        changed = {**hit["_source"], "sealed": sealed[:50] + ("A" if sealed[50] != "A" else "B") + sealed[51:]}
        parts.engine.request("PUT", f"/{SOCIAL}/_doc/{quote(hit['_id'], safe='')}", changed)

    share = parts.keystore.find("default", SHARE + person(parts, ben).pseudonym)
    assert share is not None
    tamper(share.pseudonym, "shared")
    found = friends.of(person(parts, ada), INDEX)
    assert (found.values.keys(), found.broken) == ({items[1]}, ("shared",))
    as_ada = headers(service_home, ada)
    asked = httpx.get(f"{service.url}/v1/recommend?item={items[0]}&social=true", headers=as_ada, timeout=WAIT_S)
    assert "social" in asked.json()["degraded"]
    friends.note(person(parts, ben), [(INDEX, Action("purchase", items[0], None, "", now_ms(), "again"))])
    assert friends.of(person(parts, ada), INDEX).broken == (), "what is done next is shared again"
    tamper(person(parts, ada).pseudonym, "friends")
    assert friends.of(person(parts, ada), INDEX).broken == ("friends",)
    held = httpx.get(f"{service.url}/v1/profile", headers=as_ada, timeout=WAIT_S).json()["records"]
    assert [one["kind"] for one in held if "unreadable" in one] == ["friends"]
    friends.link("default", [[ada, ben]])
    assert friends.of(person(parts, ada), INDEX).values.keys() == {items[0]}


def test_edges_are_idempotent_symmetric_and_can_be_taken_away(parts: Parts, names: list[str]) -> None:
    ada, ben, cleo = names
    friends = parts.friends
    for edges in ([[ada, ben], [ben, ada], [ada, cleo]], [[ada, ben]]):
        assert friends.link("default", edges).accepted == len(edges)
    for name in names:
        friends.share(person(parts, name))
    assert friends.of(person(parts, ada), INDEX).values == {}
    assert friends.link("default", [[ben, ada], ["nobody here", "nor here"]], remove=True).accepted == 2
    assert parts.keystore.find("default", "nobody here") is None, "taking away makes nobody"
    friends.erase(person(parts, cleo))
    assert not friends.shares(person(parts, cleo))


def test_edges_that_cannot_be_are_named(service: Running, names: list[str]) -> None:
    ada, ben, _ = names
    edges = [[ada, ada], [ada, ben], "ada", [ada], [ada, 5], [ada, ""], [ada, "x\x1fshare\x1f"], [ada, "n" * 300]]
    found = post_graph(service, edges=edges)
    assert found["accepted"] == 1
    assert [one["index"] for one in found["rejected"]] == [0, 2, 3, 4, 5, 6, 7]
    assert found["rejected"][0]["reason"] == "an edge to oneself"
    assert ada not in json.dumps(found)
    for body, status in (
        ({"edges": [[ada, ben]] * 1001}, 422),
        ({"edge": []}, 422),
        ({"edges": "x"}, 422),
        ([], 422),
    ):
        assert httpx.post(f"{service.url}/v1/graph", json=body, timeout=WAIT_S).status_code == status, body
    for method in ("GET", "PUT", "DELETE"):
        answer = httpx.request(method, f"{service.url}/v1/sharing", timeout=WAIT_S)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["field"] == "X-Hybridrank-Person"


def test_the_signal_grows_with_friends_and_stays_below_one() -> None:
    assert social({}) == {}
    values = [social({"a": total})["a"] for total in (0.1, 1.0, 3.0, 500.0)]
    assert values == sorted(values)
    assert 0.5 < values[0] < values[-1] < 1.0
    assert values[2] == 0.75
    assert social({"a": 0.0}) == {}
