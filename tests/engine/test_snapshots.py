"""A snapshot of the engine from before people were erased is restored; nobody who was erased comes back with it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from typer.testing import CliRunner

from personal.affinity import PROFILE_HALF_LIFE_S
from personal.keystore import PREFIX
from personal.subject import Subject
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster, addons
from plugin.engine.ports import free_ports
from plugin.names import BEHAVIOUR, PROFILES, SOCIAL, SUGGESTIONS, UBI_EVENTS, UBI_QUERIES
from service import keys, persons
from service.app import create_app
from service.cli import build
from service.keys import KeyRing
from service.local_plugin import built_zip
from service.parts import Parts
from service.sample import SampleFolder
from service.settings import Settings
from tests.engine.test_erasure import same, sums
from tests.fixtures_service import INDEX, index_part, settings_of

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(6000)]
KEPT = (BEHAVIOUR, PROFILES, SOCIAL, SUGGESTIONS, UBI_EVENTS, UBI_QUERIES)
PRODUCTS = 20
ATTEMPTS = 6
KINDS = ["profile", "session", "friends", "shared", "session"]
"""Of everybody's records: the last is of the visit before the login."""
ROUNDED = 0.001
"""To which affinities are shown."""


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path) -> Iterator[str]:
    """A node that may keep snapshots."""
    home, file = tmp_path_factory.mktemp("snapshots"), built_zip()
    assert file is not None, "make plugin builds it"
    cluster = LocalCluster(home, downloads=engine_downloads)
    with tempfile.TemporaryDirectory() as repository:
        Path(repository).chmod(0o777)  # where root starts the node, another account runs it
        addons.add(home, file, settings={"path.repo": repository}, secrets={})
        try:
            yield cluster.start(port=free_ports(1)[0], java_home=Settings().java_home).url
        finally:
            cluster.remove()


@dataclass
class Shop:
    """An application whose people this test makes.

    Attributes:
        client: calls it.
        parts: of the application.
        key: of the shop.
        signing: the file of keys that sign person tokens.
    """

    client: FlaskClient
    parts: Parts
    key: str
    signing: Path

    def call(self, method: str, path: str, who: dict[str, str] | None = None, body: Any = None) -> Any:
        """Call as somebody; returns the answer's JSON."""
        headers = {"Authorization": f"Bearer {self.key}", **(who or {})}
        answer = self.client.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def somebody(self, number: int) -> dict[str, str]:
        """The headers of a person in their visit."""
        token = persons.mint(self.signing, Subject("default", f"person-{number}"), lives_s=80_000, make_key=True)
        return {"X-Hybridrank-Person": token, "X-Hybridrank-Session": f"visit-of-{number}"}


@pytest.fixture
def shop(own_engine: str, service_home: Path, tmp_path: Path) -> Iterator[Shop]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(service_home / "models")
    SampleFolder.of(Settings(home=home)).write(lambda _: None, PRODUCTS)
    index_part(own_engine, home, INDEX, PRODUCTS)
    settings = Settings(
        home=home,
        opensearch_url=own_engine,
        index=INDEX,
        opensearch_timeout_s=90,
        behaviour_budget_ms=30_000,
        rerank_depth=1,
        image_encoder="none",
    )
    key = keys.add(settings.keys_path, tenant="default", role="shop")
    app = create_app(settings, ring=KeyRing(settings.keys_path))
    parts: Parts = app.extensions["hybridrank"]
    yield Shop(app.test_client(), parts, key, settings.person_keys_path)
    parts.close()


def live(shop: Shop, number: int, items: Sequence[str], attempt: int = 0) -> None:
    """Somebody looks around without a login, logs in, searches, buys and shares it."""
    who = shop.somebody(number)
    visit = {"X-Hybridrank-Session": who["X-Hybridrank-Session"]}
    item, name = items[number % len(items)], f"{number}-{attempt}"
    assert shop.call("POST", "/v1/events", visit, _event("view", item, name))["rejected"] == []
    shop.call("PUT", "/v1/sharing", who)
    found = shop.call("POST", "/v1/search", who, {"query": f"lamp {number % 7}", "size": 1})
    deeds = [_event("purchase", item, name), _event("click", items[0], name)]
    assert shop.call("POST", "/v1/events", who, deeds)["rejected"] == []
    assert found["query_id"]


def held_of(shop: Shop, number: int, items: Sequence[str]) -> dict[str, Any]:
    """All that is held of somebody who lived.

    An answer is worth more than its record: a busy engine may have left out a query or what a visit teaches, which is
    counted and made good by nobody. Who lacks something lives again.
    """
    for attempt in range(1, ATTEMPTS):
        found: dict[str, Any] = shop.call("GET", "/v1/profile", shop.somebody(number))
        kinds = [record["kind"] for record in found["records"]]
        if kinds == KINDS and len(found["events"]) >= 3 and found["queries"]:
            return found
        live(shop, number, items, attempt)
    pytest.fail(f"person {number} has {kinds}, {len(found['events'])} events, {len(found['queries'])} queries")


def _event(action: str, item: str, name: str) -> dict[str, Any]:
    attributes = {"object": {"object_id": item}}
    event = f"{action}-{item}-{name}"
    return {"action_name": action, "event_id": event, "timestamp": _now(), "event_attributes": attributes}


def _now() -> int:
    return int(time.time() * 1000)


def everything(engine: Engine) -> str:
    """All that the engine holds of people, as text."""
    engine.request("POST", f"/{','.join(KEPT)}/_refresh")
    texts = []
    for name in KEPT:
        body: dict[str, Any] = {"size": 5000, "sort": [{"_doc": "asc"}]}
        answer = engine.request("POST", f"/{name}/_search", body, {"scroll": "5m"})
        while answer["hits"]["hits"]:
            texts.append(json.dumps(answer["hits"]["hits"]))
            again = {"scroll": "5m", "scroll_id": answer["_scroll_id"]}
            answer = engine.request("POST", "/_search/scroll", again)
        engine.request("DELETE", "/_search/scroll", {"scroll_id": answer["_scroll_id"]})
    return "\n".join(texts)


def restore(engine: Engine) -> None:
    """Put the snapshot in the place of what is there, as an operator does."""
    there = engine.request("GET", f"/{','.join(KEPT)}/_alias", None, {"allow_no_indices": "false"})
    engine.request("DELETE", f"/{','.join(there)}")
    body = {"indices": ",".join(there), "include_global_state": False}
    answer = engine.request(
        "POST", "/_snapshot/kept/before/_restore", body, {"wait_for_completion": "true"}, timeout_s=600
    )
    assert answer["snapshot"]["shards"]["failed"] == 0


@pytest.mark.parametrize(("people", "erased"), [(12, 9), (1200, 1000)])
def test_who_was_erased_does_not_come_back_with_a_snapshot(
    shop: Shop, own_engine: str, people: int, erased: int, record_property: pytest.RecordProperty
) -> None:
    took: dict[str, float] = {}
    engine = Engine(ClusterConfig(own_engine, timeout_s=300))
    started = time.monotonic()

    def lap(name: str) -> None:
        nonlocal started
        took[name], started = round(time.monotonic() - started, 1), time.monotonic()

    items = [hit["id"] for hit in shop.call("POST", "/v1/search", None, {"query": "", "size": PRODUCTS})["results"]]
    for number in range(people):
        live(shop, number, items)
    edges = [[f"person-{number}", f"person-{(number + 1) % people}"] for number in range(people)]
    for first in range(0, people, 500):
        assert shop.call("POST", "/v1/graph", None, {"edges": edges[first : first + 500]})["rejected"] == []
    shop.parts.behaviour.reconciler.run()  # counts and teaches what a busy engine left out
    began = time.time()
    held = [held_of(shop, number, items) for number in range(people)]
    shop.parts.behaviour.reconciler.run()
    lap("lived")
    repository = {"type": "fs", "settings": {"location": "kept"}}
    engine.request("PUT", "/_snapshot/kept", repository)
    try:
        engine.request("PUT", "/_snapshot/kept/before", None, {"wait_for_completion": "true"}, timeout_s=600)
        lap("snapshot")
        for number in range(erased):
            assert shop.call("DELETE", "/v1/profile", shop.somebody(number))["person"] is True
        lap("erased")
        names = _names(shop, held[:erased])
        swept = everything(engine)
        assert [name for name in names if name in swept] == []
        restore(engine)
        lap("restored")
        back = everything(engine)
        assert sum(name in back for name in names) >= 3 * erased, "the snapshot holds them"
        unread = [shop.call("GET", "/v1/profile", _person(shop.somebody(number))) for number in range(erased)]
        assert all(not one["records"] and not one["events"] and not one["queries"] for one in unread)
        env = {**settings_of(own_engine, shop.parts.settings.home), "HYBRIDRANK_INDEX": INDEX}
        lap("looked")
        run = CliRunner().invoke(build(), ["profile", "erase", "--replay", "--json"], env=env)
        assert run.exit_code == 0, run.stderr
        lap("replayed")
        assert json.loads(run.stdout)["people"] >= 2 * erased, "people, and their visits"
        left = everything(engine)
        assert [name for name in names if name in left] == []
        for number in range(erased):
            gone = shop.call("GET", "/v1/profile", shop.somebody(number))
            assert gone["records"] == gone["events"] == gone["queries"] == [], number
        for number in range(erased, people):
            kept = shop.call("GET", "/v1/profile", shop.somebody(number))
            assert _faded(kept, held[number], time.time() - began) == [], number
        assert same(sums(shop.parts, items))
        lap("held to what was")
    finally:
        engine.request("DELETE", "/_snapshot/kept/before", None, {}, timeout_s=300)
        engine.close()
    record_property("seconds", json.dumps(took))
    print(json.dumps(took))  # noqa: T201 - with -s


def _faded(found: dict[str, Any], before: dict[str, Any], seconds: float) -> list[str]:
    """Paths at which what is held of somebody differs from what was. Affinities are concluded at the time of asking,
    and fade by :data:`PROFILE_HALF_LIFE_S`: they may have faded by so many seconds, and no further."""
    left = 2.0 ** (-seconds / PROFILE_HALF_LIFE_S)
    faults: list[str] = []

    def compare(new: Any, old: Any, path: str) -> None:
        if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
            for name in old:
                compare(new[name], old[name], f"{path}.{name}")
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for place, (one, other) in enumerate(zip(new, old, strict=True)):
                compare(one, other, f"{path}[{place}]")
        elif ".affinities." in path and isinstance(old, float) and isinstance(new, float):
            if not old * left - ROUNDED <= new <= old + ROUNDED:
                faults.append(f"{path}: {new} was {old}")
        elif new != old:
            faults.append(f"{path}: {new} was {old}")

    compare(found, before, "")
    return faults


def _person(who: dict[str, str]) -> dict[str, str]:
    return {"X-Hybridrank-Person": who["X-Hybridrank-Person"]}


def _names(shop: Shop, held: Sequence[dict[str, Any]]) -> list[str]:
    """All by which the engine knows somebody: pseudonyms, visits, and what counters make of both."""
    names = [one[field] for one in held for field in ("pseudonym", "session")]
    assert all(name.startswith((PREFIX, "s.")) for name in names)
    return [*names, *(shop.parts.behaviour.pseudonyms.person(INDEX, name) for name in names)]
