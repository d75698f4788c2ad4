"""Erasure through the front door: what was held is shown first, then gone everywhere, and everybody else is whole."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from personal.counters import fold
from personal.holdings import Trace, delete_logged
from personal.observations import observe
from personal.subject import Subject
from personal.trainedmodels import TrainedModels
from plugin.client import Engine
from plugin.names import BEHAVIOUR, PROFILES, UBI_EVENTS, UBI_QUERIES
from plugin.statedocs import put_many
from ranker.people import Receipt, TrainedOn, stamp
from service.cli import build
from service.parts import Parts
from service.persons import mint
from tests.engine.test_profiles import act, engine, parts, search  # noqa: F401 - fixtures among them
from tests.fixtures_service import INDEX, Running, settings_of

pytestmark = pytest.mark.engine
OURS = (BEHAVIOUR, PROFILES, UBI_EVENTS, UBI_QUERIES, "hybridrank-suggestions")


@pytest.fixture
def login(service_home: Path) -> Callable[[str], dict[str, str]]:
    keys = service_home / "secrets" / "person-tokens.json"
    return lambda name: {"X-Hybridrank-Person": mint(keys, Subject("default", name), make_key=True)}


def everything(engine: Engine) -> str:  # noqa: F811
    """All that the engine holds of people, as text."""
    engine.request("POST", f"/{','.join(OURS)}/_refresh")
    return json.dumps([engine.search(index, {"size": 10_000})["hits"]["hits"] for index in OURS])


def sums(parts: Parts, items: list[str]) -> dict[str, Any]:  # noqa: F811
    """The stored counters of some items, and what a slow fold of the event log gives for them."""
    cluster, behaviour = parts.engine, parts.behaviour
    cluster.request("POST", f"/{UBI_EVENTS},{BEHAVIOUR}/_refresh")
    query = {"bool": {"filter": [{"terms": {"event_attributes.object.object_id": items}}]}}
    hits = cluster.search(UBI_EVENTS, {"size": 10_000, "query": query})["hits"]["hits"]
    seen = observe(cluster, behaviour.pseudonyms, [(str(hit["_id"]), hit["_source"]) for hit in hits])
    folded = fold((one for each in seen for one in each.observations), behaviour.counters.family)
    stored = cluster.search(
        BEHAVIOUR,
        {
            "size": 10_000,
            "query": {
                "bool": {
                    "filter": [
                        {"terms": {"kind": ["item", "query"]}},
                        {"terms": {"item": items}},
                        {"term": {"catalogue": INDEX}},
                        {"term": {"family": str(behaviour.counters.family)}},
                    ]
                }
            },
        },
    )["hits"]["hits"]
    counted = {(hit["_source"]["item"], hit["_source"]["query"]): hit["_source"]["sums"] for hit in stored}
    return {
        "stored": {key: value for key, value in counted.items() if any(value.values())},
        "folded": {(key.item, key.query): value for key, value in folded.items() if key.catalogue == INDEX},
    }


def same(found: dict[str, Any]) -> bool:
    stored, folded = found["stored"], found["folded"]
    return stored.keys() == folded.keys() and all(
        {name: value for name, value in folded[key].items() if value} == pytest.approx(stored[key], rel=1e-9)
        for key in folded
    )


def test_what_is_held_is_shown_and_then_gone_and_the_others_are_whole(
    service: Running,
    login: Callable[[str], dict[str, str]],
    parts: Parts,  # noqa: F811
) -> None:
    canary = "canary" + uuid.uuid4().hex
    ann, ben = login(canary), login(uuid.uuid4().hex)
    visit = {"X-Hybridrank-Session": "visit-" + canary}
    word = "w" + uuid.uuid4().hex[:8]
    found = search(service, f"{word} lamp", {**ann, **visit})
    items = [result["id"] for result in found["results"]][:4]
    act(service, {**ann, **visit}, "purchase", items[:3], query_id=found["query_id"])
    act(service, ben, "click", items[1:4], user_query=f"{word} lamp")
    act(service, visit, "view", items[:1])
    before = httpx.get(service.url + "/v1/profile", headers={**ann, **visit}, timeout=60)
    assert before.status_code == 200, before.text
    assert before.headers["cache-control"] == "no-store"
    held = before.json()
    pseudonym, visit_id = held["pseudonym"], held["session"]
    kinds = sorted((record["kind"], len(record["items"])) for record in held["records"])
    assert kinds == [("profile", 3), ("session", 1), ("session", 3)]
    assert {entry["text"] for record in held["records"] for entry in record["queries"]} == {f"{word} lamp"}
    assert held["records"][0]["affinities"]
    assert len(held["events"]) == 4
    assert len(held["queries"]) == 1
    assert pseudonym in everything(parts.engine)
    of_ann = parts.behaviour.pseudonyms.person(INDEX, pseudonym)
    assert of_ann in everything(parts.engine)
    assert same(sums(parts, items))

    answer = httpx.delete(service.url + "/v1/profile", headers={**ann, **visit}, timeout=120)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["person"] is True
    assert (done["records"], done["events"], done["queries"]) == (3, 4, 1)
    assert done["counters"] >= 3
    left = everything(parts.engine)
    for trace in (pseudonym, visit_id, of_ann, parts.behaviour.pseudonyms.person(INDEX, visit_id)):
        assert trace not in left
    now = sums(parts, items)
    assert same(now)
    assert {item for item, _ in now["stored"]} >= set(items[1:4])
    assert parts.keystore.find("default", canary) is None
    again = httpx.get(service.url + "/v1/profile", headers={**ann, **visit}, timeout=60).json()
    assert again["records"] == again["events"] == again["queries"] == []
    assert "pseudonym" not in again
    assert all("profile" not in result["signals"] for result in search(service, "lamp", {**ann, **visit})["results"])
    others = httpx.get(service.url + "/v1/profile", headers=ben, timeout=60).json()
    assert len(others["events"]) == 3
    assert len(others["records"]) == 1
    assert canary not in service.log.read_text()


def test_what_comes_back_with_an_old_snapshot_is_swept_again(
    service: Running,
    login: Callable[[str], dict[str, str]],
    parts: Parts,  # noqa: F811
) -> None:
    name = uuid.uuid4().hex
    ann = login(name)
    found = search(service, "table", ann)
    act(service, ann, "click", [found["results"][0]["id"]])
    pseudonym = parts.keystore.obtain("default", name).pseudonym
    parts.engine.request("POST", f"/{','.join(OURS)}/_refresh")
    query = {"size": 100, "query": {"bool": {"should": [{"term": {f: pseudonym}} for f in ("client_id", "person")]}}}
    kept = [hit for index in OURS for hit in parts.engine.search(index, query)["hits"]["hits"]]
    assert len(kept) == 3
    assert httpx.delete(service.url + "/v1/profile", headers=ann, timeout=120).json()["person"] is True
    for hit in kept:  # as restoring a snapshot would
        parts.engine.request("PUT", f"/{hit['_index']}/_doc/{hit['_id']}", hit["_source"])
    assert pseudonym in everything(parts.engine)
    assert parts.people.profiles.learn_stored([(kept[0]["_id"], kept[0]["_source"])]) == 0
    assert parts.erasure.replay() >= 1
    assert pseudonym not in everything(parts.engine)


def test_a_backup_of_the_keys_brings_nobody_back_who_was_erased_since(
    service: Running, login: Callable[[str], dict[str, str]], engine_url: str, service_home: Path, tmp_path: Path
) -> None:
    kept, gone = uuid.uuid4().hex, uuid.uuid4().hex
    for name in (kept, gone):
        search(service, "table", login(name))
    environment = settings_of(engine_url, service_home)
    made = CliRunner().invoke(build(), ["keys", "backup", str(tmp_path / "backups"), "--json"], env=environment)
    assert made.exit_code == 0, made.stderr
    file = json.loads(made.stdout)["file"]
    done = httpx.delete(service.url + "/v1/profile", headers=login(gone), timeout=120).json()
    assert done["person"] is True
    # The machine is lost with its store and tombstones; master keys and backup are not.
    secrets = tmp_path / "new" / "secrets"
    shutil.copytree(service_home / "secrets", secrets)
    environment["HYBRIDRANK_HOME"] = str(tmp_path / "new")
    restored = CliRunner().invoke(build(), ["keys", "restore", file, "--json"], env=environment)
    assert restored.exit_code == 0, restored.stderr
    told = json.loads(restored.stdout)
    assert told["people"] >= 1
    assert told["erased"] >= 1
    assert told["swept"] >= 1
    exported = CliRunner().invoke(build(), ["profile", "export", kept], env=environment)
    assert exported.exit_code == 0, exported.stderr
    assert "table" in exported.stdout
    nothing = CliRunner().invoke(build(), ["profile", "export", gone], env=environment)
    assert nothing.exit_code == 1
    assert "nothing is held" in nothing.stderr


def test_nobody_is_told_who_they_have_to_be(service: Running) -> None:
    for call in (httpx.get, httpx.delete):
        answer = call(service.url + "/v1/profile", timeout=60)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["field"] == "X-Hybridrank-Person"


def test_the_command_line_exports_and_erases(
    service: Running, login: Callable[[str], dict[str, str]], engine_url: str, service_home: Path, tmp_path: Path
) -> None:
    name = "canary" + uuid.uuid4().hex
    ann = login(name)
    found = search(service, "chair", ann)
    act(service, ann, "click", [found["results"][0]["id"]])

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(build(), ["profile", *arguments], env=settings_of(engine_url, service_home))

    file = tmp_path / "held.json"
    exported = run("export", name, "--output", str(file))
    assert exported.exit_code == 0, exported.stderr
    held = json.loads(file.read_text())
    assert file.stat().st_mode & 0o077 == 0
    assert len(held["events"]) == 1
    assert held["records"][0]["items"][0]["item"] == found["results"][0]["id"]
    erased = run("erase", name, "--json")
    assert erased.exit_code == 0, erased.stderr
    assert json.loads(erased.stdout)["person"] is True
    for command in ("export", "erase"):
        gone = run(command, name)
        assert gone.exit_code == 1
        assert "nothing is held" in gone.stderr
        assert name not in gone.stderr
    assert run("erase").exit_code == 2


def test_models_that_learnt_from_somebody_are_listed_with_what_is_due(
    service: Running,
    login: Callable[[str], dict[str, str]],
    engine_url: str,
    service_home: Path,
    tmp_path: Path,
) -> None:
    now = int(time.time() * 1000)
    day = 86_400_000

    def seen(first: int, last: int, receipt: Receipt | None = None, catalogue: str = INDEX) -> TrainedOn:
        times = {"first": stamp(first), "last": stamp(last)}
        return TrainedOn(unit="person", catalogues=[catalogue], receipt=receipt, **times)

    spent = Receipt(
        epsilon=2.9, delta=1e-6, cap=5, rate=0.02, sigma=1.0, clip=1.0, steps=100, accountant="RDP", noise="test"
    )
    registered = TrainedModels(service_home / "trained-on-people.json")
    made = {
        "plain": seen(now - day, now + day),
        "covered": seen(now - day, now + day, spent),
        "earlier": seen(now - 3 * day, now - 2 * day),
        "elsewhere": seen(now - day, now + day, catalogue="another"),
    }
    try:
        for name, people in made.items():
            registered.add(name, tmp_path / name, people)
        ann = login(uuid.uuid4().hex)
        found = search(service, "chair", ann)
        act(service, ann, "click", [found["results"][0]["id"]])
        answer = httpx.delete(service.url + "/v1/profile", headers=ann, timeout=120)
        assert answer.status_code == 200, answer.text
        models = {one["model"]: one for one in answer.json()["models"]}
        assert set(models) == {"plain", "covered"}
        assert models["covered"]["epsilon"] == 2.9
        assert "due" not in models["covered"]
        assert models["plain"]["due"] > stamp(now)[:10]
        assert {one.name: one.due for one in registered.all()} == {
            "plain": models["plain"]["due"],
            "covered": None,
            "earlier": None,
            "elsewhere": None,
        }
        again = login(uuid.uuid4().hex)
        search(service, "chair", again)
        (service_home / "trained-on-people.json").rename(tmp_path / "kept")
        (service_home / "trained-on-people.json").write_text("{")
        refused = httpx.delete(service.url + "/v1/profile", headers=again, timeout=120)
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("register-unusable")
        (tmp_path / "kept").replace(service_home / "trained-on-people.json")
        late = httpx.delete(service.url + "/v1/profile", headers=again, timeout=120).json()
        assert late["person"] is True, "nothing was erased before"
        assert {one["model"] for one in late["models"]} == {"plain", "covered"}, "a search is behaviour too"
        shown = CliRunner().invoke(build(), ["profile", "models"], env=settings_of(engine_url, service_home))
        assert shown.exit_code == 0, shown.stderr
        assert f"train anew by {models['plain']['due']}" in shown.stdout
        registered.add("plain", tmp_path / "plain", None)
        assert {one.name for one in registered.all()} == set(made) - {"plain"}, "trained anew on nobody"
        nobody = httpx.delete(service.url + "/v1/profile", headers=login(uuid.uuid4().hex), timeout=120)
        assert nobody.json()["models"] == []
    finally:
        (service_home / "trained-on-people.json").unlink(missing_ok=True)


@pytest.mark.slow
def test_a_sequence_model_that_was_trained_on_somebody_is_listed_when_they_are_erased(
    service: Running, login: Callable[[str], dict[str, str]], engine_url: str, service_home: Path, tmp_path: Path
) -> None:
    people = [login(uuid.uuid4().hex) for _ in range(12)]
    items = [result["id"] for result in search(service, "chair", people[0])["results"]][:6]
    for number, person in enumerate(people):
        act(service, person, "click", [*items[number % 3 :], *items[: number % 3]])
    folder = tmp_path / "sequence"
    try:
        made = CliRunner().invoke(
            build(),
            ["train", "sequence", "--epochs", "1", "--width", "8", "--out", str(folder)],
            env=settings_of(engine_url, service_home),
        )
        assert made.exit_code == 0, made.stderr
        (entered,) = TrainedModels(service_home / "trained-on-people.json").all()
        assert (entered.name, entered.folder) == (f"sequence of {INDEX}", str(folder))
        answer = httpx.delete(service.url + "/v1/profile", headers=people[0], timeout=120)
        (model,) = answer.json()["models"]
        assert model["model"] == entered.name
        assert model["due"]
    finally:
        (service_home / "trained-on-people.json").unlink(missing_ok=True)


def test_a_visit_that_was_erased_does_not_come_back_either(
    service: Running,
    parts: Parts,  # noqa: F811
) -> None:
    visit = {"X-Hybridrank-Session": "visit-" + uuid.uuid4().hex}
    found = search(service, "table", visit)
    act(service, visit, "click", [found["results"][0]["id"]])
    name = httpx.get(service.url + "/v1/profile", headers=visit, timeout=60).json()["session"]
    parts.engine.request("POST", f"/{','.join(OURS)}/_refresh")
    clauses = [{"term": {field: name}} for field in ("session_id", "owner")]
    query = {"size": 100, "query": {"bool": {"should": clauses}}}
    kept = [hit for index in OURS for hit in parts.engine.search(index, query)["hits"]["hits"]]
    assert {hit["_index"] for hit in kept} >= {UBI_EVENTS, UBI_QUERIES}
    assert any("sealed" in hit["_source"] for hit in kept)
    assert httpx.delete(service.url + "/v1/profile", headers=visit, timeout=120).status_code == 200
    assert name in {stone.pseudonym for stone in parts.keystore.tombstones()}
    for hit in kept:  # as restoring a snapshot would
        parts.engine.request("PUT", f"/{hit['_index']}/_doc/{hit['_id']}", hit["_source"])
    parts.erasure.replay(visits=False)
    assert name in everything(parts.engine), "what is swept every few seconds leaves a visit that goes on alone"
    assert parts.erasure.replay() >= 1
    assert name not in everything(parts.engine)


def test_what_matches_is_deleted_and_counted_however_much_it_is(
    engine: Engine,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plugin.statedocs.DELETED_AT_ONCE", 3)
    whose = f"p.{uuid.uuid4().hex}"
    document = {"application": INDEX, "action_name": "view", "timestamp": "2026-01-01T00:00:00.000Z"}
    theirs = [(f"{INDEX}:{whose}-{number}", {**document, "client_id": whose}) for number in range(10)]
    others = (f"{INDEX}:{whose}-other", {**document, "client_id": f"{whose}x"})
    put_many(engine, UBI_EVENTS, [*theirs, others])
    assert delete_logged(engine, UBI_EVENTS, [Trace("client_id", whose)]) == 10
    assert delete_logged(engine, UBI_EVENTS, [Trace("client_id", whose)]) == 0
    assert delete_logged(engine, UBI_EVENTS, [Trace("client_id", f"{whose}x")]) == 1
