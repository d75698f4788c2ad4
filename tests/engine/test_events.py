"""Events through the front door: the next search uses them, and every line of a log is accounted for."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from personal.subject import Subject
from plugin.catalogue import create_generation, publish
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import BEHAVIOUR, UBI_EVENTS
from service.cli import build
from service.persons import mint, rotate
from tests.fixtures_service import Running, index_part, settings_of

pytestmark = pytest.mark.engine
SHARED = Path(__file__).parents[3] / "shared" / "data"


SHOP = "events-sample"


@pytest.fixture(scope="module", autouse=True)
def shop(engine_url: str, service_home: Path, sample_index: str) -> None:
    """A catalogue that nobody else clicks in."""
    index_part(engine_url, service_home, SHOP, 60)


def search(service: Running, query: str, **body: object) -> dict[str, Any]:
    body = {"query": query, "size": 20, "index": SHOP, **body}
    answer = httpx.post(service.url + "/v1/search", json=body, timeout=90)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert "degraded" not in found
    return found


def clicks(item: str, query_id: str, people: list[str], ordinal: int) -> list[dict[str, Any]]:
    return [
        {
            "application": SHOP,
            "action_name": "click",
            "event_id": str(uuid.uuid4()),
            "query_id": query_id,
            "client_id": person,
            "timestamp": int(time.time() * 1000) - number,
            "event_attributes": {"object": {"object_id": item}, "position": {"ordinal": ordinal}},
        }
        for number, person in enumerate(people)
    ]


def post(service: Running, body: object) -> dict[str, Any]:
    answer = httpx.post(service.url + "/v1/events", json=body, timeout=90)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def signals_of(found: dict[str, Any]) -> dict[str, float | None]:
    return {result["id"]: result["signals"].get("behaviour") for result in found["results"]}


def test_clicks_of_a_few_people_lift_an_item_in_the_next_search_and_a_bots_do_not(service: Running) -> None:
    query = f"something cosy for a garden {uuid.uuid4().hex[:6]}"
    before = search(service, query)
    places = [result["id"] for result in before["results"]]
    liked, pushed, liked_once, pushed_once = places[6], places[10], places[12], places[14]
    people = [f"person {number}" for number in range(10)]
    sent = clicks(liked, before["query_id"], people, 7)
    assert post(service, sent) == {"accepted": 10, "rejected": []}
    after = search(service, query)
    assert signals_of(after)[liked] > 0.6
    assert [result["id"] for result in after["results"]].index(liked) < 6
    # The catalogue's mean, to which a signal is relative, moves with time: so each item has a peer in the same answer.
    assert post(service, sent) == {"accepted": 10, "rejected": []}
    assert post(service, clicks(liked_once, before["query_id"], people, 7))["accepted"] == 10
    # The first three clicks of one client are all that it has to give: three thousand more change nothing.
    for item in (pushed, pushed_once):
        assert post(service, clicks(item, before["query_id"], [f"bot of {item}"] * 3, 11))["accepted"] == 3
    for _ in range(3):
        more = clicks(pushed, before["query_id"], [f"bot of {pushed}"] * 1000, 11)
        assert post(service, more)["accepted"] == 1000
    last = signals_of(search(service, query, size=60))
    assert last[liked] == pytest.approx(last[liked_once], abs=0.01)
    assert last[pushed] == pytest.approx(last[pushed_once], abs=0.005)
    assert last[pushed] < 0.6 < last[liked]
    assert {item for item, signal in last.items() if signal is not None} == {liked, liked_once, pushed, pushed_once}


def test_clicks_for_a_query_count_more_there_than_elsewhere(service: Running) -> None:
    query, other = f"blue gift {uuid.uuid4().hex[:6]}", f"present {uuid.uuid4().hex[:6]}"
    found = search(service, query)
    item, less = [item for item, signal in signals_of(found).items() if signal is None][:2]
    post(service, clicks(item, found["query_id"], [f"p{n}" for n in range(8)], 4))
    post(service, clicks(less, found["query_id"], ["p1"], 6))
    here = signals_of(search(service, query.upper(), filters={"id": [item, less]}))
    there = signals_of(search(service, other, filters={"id": [item, less]}))
    assert here[item] > there[item] > there[less]
    assert here[item] > here[less]


def test_hostile_events_are_named_and_the_others_are_stored(service: Running) -> None:
    good = clicks("nothing", str(uuid.uuid4()), ["p"], 1)[0]
    deep: Any = 1
    for _ in range(12):
        deep = {"a": deep}
    bad = [
        None,
        "click",
        {**good, "timestamp": "soon"},
        {**good, "surprise": 1},
        {**good, "application": "no-such-catalogue"},
        {**good, "event_attributes": deep},
        {**good, "event_attributes": {"position": {"ordinal": "1"}}},
    ]
    answer = post(service, [bad[0], good, *bad[1:]])
    assert answer["accepted"] == 1
    assert [one["index"] for one in answer["rejected"]] == [0, 2, 3, 4, 5, 6, 7]
    reasons = [one["reason"] for one in answer["rejected"]]
    for reason, word in zip(
        reasons,
        ("object", "object", "timestamp", "surprise", "application", "event_attributes", "ordinal"),
        strict=True,
    ):
        assert word in reason
    assert post(service, good) == {"accepted": 1, "rejected": []}
    for content, status in (
        ("[NaN]", 400),
        ('"text"', 422),
        ("[" * 200_000, 400),
        ("[" + ",".join(["{}"] * 1001) + "]", 413),
        ("[" + "1" * 5_000_000 + "]", 413),
    ):
        refused = httpx.post(service.url + "/v1/events", content=content, timeout=60)
        assert refused.status_code == status, refused.text
        assert refused.headers["content-type"] == "application/problem+json"


def test_addresses_and_people_are_neither_stored_nor_logged(service: Running, engine_url: str) -> None:
    event = clicks("nothing", str(uuid.uuid4()), ["eve@example.org"], 1)[0]
    event["event_attributes"] |= {"ip": "198.51.100.7", "note": "198.51.100.7"}
    event["user_id"] = "eve"
    post(service, event)
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        name = f"{SHOP}:{event['event_id']}"
        stored = json.dumps(engine.request("GET", f"/{UBI_EVENTS}/_doc/{name}"))
        engine.request("POST", f"/{BEHAVIOUR}/_refresh")
        counters = json.dumps(engine.search(BEHAVIOUR, {"size": 1000, "query": {"term": {"catalogue": SHOP}}}))
    for text in (stored, counters, service.log.read_text()):
        assert "eve@" not in text
        assert "198.51" not in text
    assert "person 1" not in counters


@pytest.fixture
def run(engine_url: str, tmp_path: Path) -> Any:
    environment = {**settings_of(engine_url, tmp_path), "HYBRIDRANK_INDEX": "products"}

    def invoke(*arguments: str, expect: int) -> Any:
        result = CliRunner().invoke(build(), ["events", *arguments, "--json"], env=environment)
        assert result.exit_code == expect, result.output
        return json.loads(result.stdout)

    return invoke


@pytest.fixture
def log_index(engine_url: str) -> str:
    """A catalogue of its own for a log."""
    name = f"log-{uuid.uuid4().hex[:8]}"
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        install(engine)
        index = create_generation(engine, name, text_encoder=None)
        publish(engine, index)
        lines = [line for n in range(3) for line in ({"create": {"_id": f"p{n}"}}, {"id": f"p{n}", "title": "x"})]
        engine.request("POST", f"/{index}/_bulk", ("\n".join(map(json.dumps, lines)) + "\n").encode())
    return name


def test_a_csv_log_and_its_dead_letters(run: Any, log_index: str, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "user,item,action,time,position,colour\n"
        "u1,p1,click,2025-03-03T10:00:00Z,1,red\n"
        "u1,p1,click,2025-03-03T10:00:00Z,1,red\n"
        "u2,p2,purchase,1741000000,,\n"
        "u2,p9,purchase,1741000000123,,\n"
        "u2,p2,return,1741000000,,\n"
        "u3,p2,click,tomorrow,,\n"
        "u3,p2,click,1741000000,first,\n"
        "u3,p2\n"
    )
    got = run(str(log), "--index", log_index, expect=3)
    assert (got["read"], got["stored"], got["duplicates"], got["rejected"]) == (8, 4, 1, 3)
    assert (got["counted"], got["uncounted"]) == (2, {"unknown_item": 1, "other_action": 1})
    letters = [json.loads(line) for line in Path(got["dead_letters"]).read_text().splitlines()]
    assert [letter["line"] for letter in letters] == [8, 9, 7]
    assert {letter["field"] for letter in letters} == {"timestamp", "position", None}
    for letter in letters:
        assert letter["reason"]
        letter["raw"] = {"user": "u3", "item": "p2", "action": "click", "time": "1741000001"}
    mended = tmp_path / "mended.jsonl"
    mended.write_text("\n".join(json.dumps(letter) for letter in letters))
    again = run(str(mended), "--index", log_index, expect=0)
    assert (again["read"], again["stored"], again["duplicates"]) == (3, 1, 2)


@pytest.mark.parametrize("kept_in", ["a file", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def test_people_of_a_log_are_kept_by_their_pseudonyms_and_erased_with_what_could_not_be_taken(
    log_index: str, tmp_path: Path, engine_url: str, kept_in: str, request: pytest.FixtureRequest
) -> None:
    ann, ben, log = f"ann-{uuid.uuid4().hex}", f"ben-{uuid.uuid4().hex}", tmp_path / "log.csv"
    lines = [f"{ann},v-{ann},p1,click,1741000000", f"{ann},,p1,click,tomorrow", f"{ben},,p1,click,tomorrow"]
    log.write_text("\n".join(["user,session,item,action,time", *lines]) + "\n")
    env = settings_of(engine_url, tmp_path)
    if kept_in == "PostgreSQL":
        address = tmp_path / "keystore"
        address.write_text(request.getfixturevalue("postgres").database())
        env |= {"HYBRIDRANK_KEYSTORE_FILE": str(address)}

    def call(*arguments: str, expect: int) -> Any:
        result = CliRunner().invoke(build(), arguments, env=env)
        assert result.exit_code == expect, result.output
        return json.loads(result.stdout) if result.stdout else None

    got = call("events", str(log), "--people", "--reconcile", "--index", log_index, "--json", expect=3)
    letters = Path(got["dead_letters"])
    assert (got["stored"], got["rejected"], letters.read_text().count(ann)) == (1, 2, 1)
    held = call("profile", "export", ann, expect=0)
    assert held["pseudonym"].startswith("u.")
    assert [event["client_id"] for event in held["events"]] == [held["pseudonym"]]
    assert [(one["kind"], [item["item"] for item in one["items"]]) for one in held["records"]] == [("profile", ["p1"])]
    assert ann not in json.dumps(held), "neither the person's name nor the visit's"
    erased = call("profile", "erase", ann, "--json", expect=0)
    assert (erased["events"], erased["records"]) == (1, 1)
    assert ann not in letters.read_text()
    assert ben in letters.read_text()
    call("profile", "export", ann, expect=1)
    call("profile", "erase", ben, "--json", expect=0)
    assert ben not in letters.read_text()


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data folder beside the checkout")
def test_a_log_from_the_wild_is_accounted_for_to_the_last_line(run: Any, engine_url: str) -> None:
    name = f"wild-{uuid.uuid4().hex[:8]}"
    log = SHARED / "ubi" / "ubi_events.jsonl.gz"
    with gzip.open(SHARED / "esci" / "products.jsonl.gz", "rt") as stream:
        ids = [json.loads(line)["id"] for line in stream]
    with gzip.open(log, "rt") as stream:
        events = [json.loads(line) for line in stream]
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        install(engine)
        index = create_generation(engine, name, text_encoder=None)
        publish(engine, index)
        lines = "".join(f'{{"create":{{"_id":"{item}"}}}}\n{{"id":"{item}","title":"x"}}\n' for item in ids)
        engine.request("POST", f"/{index}/_bulk", lines.encode())
    got = run(str(log), "--index", name, expect=0)
    known = set(ids)
    actions = {"impression", "click", "add_to_cart", "purchase"}
    things = [((e.get("event_attributes") or {}).get("object") or {}).get("object_id") for e in events]
    countable = sum(e["action_name"] in actions and item in known for e, item in zip(events, things, strict=True))
    assert (got["read"], got["stored"], got["duplicates"], got["rejected"]) == (3563, 3562, 1, 0)
    assert got["counted"] == countable
    assert sum(got["uncounted"].values()) == 3562 - countable
    assert run(str(log), "--index", name, expect=0)["duplicates"] == 3563
    rejected = run(str(log), expect=3)
    assert rejected["read"] == rejected["rejected"] == sum(rejected["problems"].values()) == 3563


def test_events_of_a_logged_in_person_are_the_persons_and_name_nobody(
    service: Running, service_home: Path, engine_url: str
) -> None:
    keys = service_home / "secrets" / "person-tokens.json"
    rotate(keys, "default")
    ada = {"X-Hybridrank-Person": mint(keys, Subject("default", "ada@example.org")), "X-Hybridrank-Session": "visit-12"}
    stored = []
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        for claimed in ("eve", "mallory"):
            event = clicks("nothing", str(uuid.uuid4()), [claimed], 1)[0]
            answer = httpx.post(service.url + "/v1/events", json=event, headers=ada, timeout=90)
            assert answer.json() == {"accepted": 1, "rejected": []}
            found = engine.request("GET", f"/{UBI_EVENTS}/_doc/{SHOP}:{event['event_id']}")["_source"]
            assert "ada" not in json.dumps(found)
            assert "visit-12" not in json.dumps(found)
            stored.append((found["client_id"], found["session_id"]))
    assert stored[0] == stored[1]
    assert stored[0][0] not in {"eve", "mallory"}
    forged = {"X-Hybridrank-Person": ada["X-Hybridrank-Person"][:-4] + "AAAA"}
    refused = httpx.post(service.url + "/v1/events", json=event, headers=forged, timeout=90)
    assert refused.status_code == 401
