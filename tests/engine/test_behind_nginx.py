"""Two machines behind the nginx of the documentation: they answer alike, know the same people, and one may die.

Each machine is a service of two workers with a home of its own; the keys of people lie in one PostgreSQL.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from personal import pseudonyms
from personal.masterkeys import MasterKeys
from personal.subject import Subject
from plugin.engine.ports import free_ports
from service.persons import mint
from tests.fixtures_servers import PASSWORD, Postgres
from tests.fixtures_service import Running, settings_of, start_service

from .test_recommend_stream import WAIT_S, do, followed

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed (bash tests/system-packages.sh)"),
]
CONFIGURATION = Path(__file__).parents[2] / "docker" / "nginx.conf"
QUERIES = ("shoes", "blue lamp", "coffee without sugar", "garden", "winter coat")


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Postgres]:
    """Where the keys lie; it runs again afterwards, whatever a test did to it."""
    yield postgres
    if postgres.process is None:
        postgres.start()


@pytest.fixture
def homes(service_home: Path, tmp_path: Path) -> list[Path]:
    """The homes of two machines: the same secrets, nothing else in common."""
    pseudonyms.load(service_home)
    mint(service_home / "secrets" / "person-tokens.json", Subject("default", "nobody"), make_key=True)
    MasterKeys(service_home / "secrets" / "master-keys.json")
    found = [tmp_path / "machine 1", tmp_path / "machine 2"]
    for home in found:
        home.mkdir()
        (home / "models").symlink_to((service_home / "models").resolve())
        shutil.copytree(service_home / "secrets", home / "secrets")
    return found


@pytest.fixture
def two(
    engine_url: str, homes: list[Path], sample_index: str, tmp_path: Path, server: Postgres
) -> Iterator[list[Running]]:
    """Two services of one deployment."""
    address = tmp_path / "keystore"
    address.write_text(server.database())
    given = {"HYBRIDRANK_KEYSTORE_FILE": str(address)}
    started = [
        start_service(tmp_path, "--demo", "--workers", "2", **settings_of(engine_url, home), **given) for home in homes
    ]
    yield started
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def front(two: list[Running], tmp_path: Path) -> Iterator[Running]:
    """nginx in front of them, as the documentation has it but for ports and paths."""
    (port,) = free_ports(1)
    text = CONFIGURATION.read_text()
    for told, ours in (
        ("127.0.0.1:8000", two[0].url.removeprefix("http://")),
        ("127.0.0.1:8001", two[1].url.removeprefix("http://")),
        ("127.0.0.1:8080", f"127.0.0.1:{port}"),
        ("/tmp/hybridrank-nginx.pid", str(tmp_path / "nginx.pid")),
    ):
        assert text.count(told) == 1
        text = text.replace(told, ours)
    (tmp_path / "nginx.conf").write_text(text)
    log = tmp_path / "nginx.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["nginx", "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], stderr=stream
        )
    running = Running(f"http://127.0.0.1:{port}", process, log)
    until = time.monotonic() + WAIT_S
    while True:
        try:
            if httpx.get(running.url + "/healthz", timeout=WAIT_S).status_code == 200:
                break
        except httpx.TransportError:
            assert time.monotonic() < until, log.read_text()
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    yield running
    process.terminate()
    process.wait(60)


def found(url: str, query: str, session: str | None = None) -> list[tuple[str, float]]:
    """Ids and scores of a search."""
    headers = {"X-Hybridrank-Session": session} if session else {}
    answer = httpx.post(f"{url}/v1/search", json={"query": query, "size": 20}, headers=headers, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.get("degraded") is None
    return [(one["id"], one["score"]) for one in told["results"]]


def test_both_answer_alike_and_a_later_page_may_come_from_the_other(two: list[Running], front: Running) -> None:
    for query in QUERIES:
        first = found(two[0].url, query)
        assert first
        assert first == found(two[1].url, query)
        assert all(found(front.url, query) == first for _ in range(4))
    body: dict[str, Any] = {"query": "shoes", "size": 5}
    top = httpx.post(two[0].url + "/v1/search", json=body, timeout=WAIT_S).json()
    body |= {"from": 5, "query_id": top["query_id"]}
    next_page = httpx.post(two[1].url + "/v1/search", json=body, timeout=WAIT_S).json()
    ids = [one["id"] for one in (*top["results"], *next_page["results"])]
    assert ids == [name for name, _ in found(two[0].url, "shoes")[:10]]


def test_what_a_shopper_does_at_one_is_in_the_next_answer_of_the_other(two: list[Running], front: Running) -> None:
    session = f"visit-{uuid.uuid4().hex}"
    before = httpx.post(two[1].url + "/v1/search", json={"query": "shoes", "size": 20}, timeout=WAIT_S).json()
    item = before["results"][3]["id"]
    do(two[0], session, item, "add_to_cart")
    headers = {"X-Hybridrank-Session": session}
    after = httpx.post(f"{two[1].url}/v1/search", json={"query": "shoes", "size": 20}, headers=headers, timeout=WAIT_S)
    signals = {one["id"]: one["signals"] for one in after.json()["results"]}
    assert signals[item]["session"] > 0.5
    assert signals[item]["behaviour"] > 0.5
    kept = httpx.get(f"{two[1].url}/v1/recommend", headers=headers, timeout=WAIT_S)
    assert kept.status_code == 200, kept.text


def test_a_stream_through_nginx_follows_what_either_takes_in(two: list[Running], front: Running) -> None:
    session = f"visit-{uuid.uuid4().hex}"
    items = [name for name, _ in found(front.url, "shoes")]
    with followed(front, session, item=items[0], size=10) as events:
        kind, first = events.get(timeout=WAIT_S)
        assert kind == "recommendations", first
        for service in two:
            bought = first["recommendations"][0]["id"]
            do(service, session, bought, "purchase")
            kind, first = events.get(timeout=WAIT_S)
            assert kind == "recommendations", first
            assert bought not in [one["id"] for one in first["recommendations"]]


def test_no_answer_is_lost_with_a_service_that_is_killed(two: list[Running], front: Running) -> None:
    statuses: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=front.url, timeout=WAIT_S) as client:
            while not stop.is_set():
                try:
                    statuses.append(str(client.post("/v1/search", json={"query": "tent", "size": 1}).status_code))
                except httpx.TransportError as error:
                    statuses.append(type(error).__name__)

    def until(count: int) -> None:
        end = time.monotonic() + WAIT_S
        while len(statuses) < count:
            assert time.monotonic() < end
            time.sleep(0.05)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    try:
        until(10)
        two[0].kill()
        until(len(statuses) + 20)
    finally:
        stop.set()
        for thread in asking:
            thread.join(WAIT_S)
    assert set(statuses) == {"200"}


def as_person(homes: list[Path], name: str) -> dict[str, str]:
    token = mint(homes[0] / "secrets" / "person-tokens.json", Subject("default", name), lives_s=7200)
    return {"X-Hybridrank-Person": token}


def held(service: Running, headers: dict[str, str]) -> dict[str, Any]:
    answer = httpx.get(f"{service.url}/v1/profile", headers=headers, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def searched(service: Running, query: str, headers: dict[str, str]) -> dict[str, Any]:
    body = {"query": query, "size": 5}
    answer = httpx.post(f"{service.url}/v1/search", json=body, headers=headers, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def act(service: Running, headers: dict[str, str], item: str) -> None:
    event = {
        "action_name": "purchase",
        "event_id": uuid.uuid4().hex,
        "timestamp": int(time.time() * 1000),
        "event_attributes": {"object": {"object_id": item}},
    }
    answer = httpx.post(f"{service.url}/v1/events", json=event, headers=headers, timeout=WAIT_S)
    assert answer.json() == {"accepted": 1, "rejected": []}, answer.text


def test_a_person_is_the_same_on_both_machines_and_keys_that_are_gone_cost_nobody_else(
    two: list[Running], front: Running, homes: list[Path], server: Postgres
) -> None:
    ann = as_person(homes, uuid.uuid4().hex)
    item = searched(two[0], "shoes", ann)["results"][2]["id"]
    act(two[0], ann, item)
    seen = [held(service, ann) for service in (*two, front, front)]
    assert len({one["pseudonym"] for one in seen}) == 1
    assert all(item in str(one["records"]) for one in seen)
    again = searched(two[1], "shoes", ann)
    assert {one["id"]: one["signals"] for one in again["results"]}[item]["profile"] > 0.5

    server.stop()
    for service in two:
        assert searched(service, "shoes", ann)["degraded"] == "profile"
        assert "degraded" not in searched(service, "shoes", {})
        refused = httpx.get(f"{service.url}/v1/profile", headers=ann, timeout=WAIT_S)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:hybridrank:problem:keystore-unusable")
        assert int(refused.headers["Retry-After"]) >= 1
        assert httpx.get(f"{service.url}/readyz", timeout=WAIT_S).status_code == 200
        assert PASSWORD not in service.log.read_text() + refused.text
    server.start()
    until = time.monotonic() + WAIT_S
    for service in two:
        while "degraded" in searched(service, "shoes", ann):
            assert time.monotonic() < until
            time.sleep(0.2)
    assert {held(service, ann)["pseudonym"] for service in two} == {seen[0]["pseudonym"]}


def test_who_is_erased_at_one_is_gone_from_every_worker_of_both(two: list[Running], homes: list[Path]) -> None:
    """Each of four workers has served the person, and a suggestion that stands on them; then none does."""
    word = "w" + uuid.uuid4().hex[:8]
    people = [as_person(homes, uuid.uuid4().hex) for _ in range(5)]
    ann = people[0]
    for one in people:
        searched(two[0], f"{word} lamp", one)
    item = searched(two[0], "shoes", ann)["results"][0]["id"]
    act(two[0], ann, item)

    def of_her(service: Running) -> set[str]:
        """What of her a worker of a service shows; a connection of its own meets any of them."""
        shown = set()
        if item in str(held(service, ann)):
            shown.add("profile")
        # What is asked for says nothing of a taste, so what is said of a product comes of what was bought.
        signals = [one["signals"].get("profile", 0.5) for one in searched(service, word, ann)["results"]]
        if any(abs(value - 0.5) > 1e-6 for value in signals):
            shown.add("signal")
        found = httpx.get(f"{service.url}/v1/suggest", params={"q": word}, timeout=WAIT_S).json()
        if found["suggestions"]:
            shown.add("suggestion")
        return shown

    until = time.monotonic() + WAIT_S
    while not all(of_her(service) == {"profile", "signal", "suggestion"} for service in two * 4):
        assert time.monotonic() < until
    done = httpx.delete(f"{two[0].url}/v1/profile", headers=ann, timeout=WAIT_S)
    assert done.json()["person"] is True
    erased = time.monotonic()
    last: dict[str, float] = {}
    clean = 0
    while clean < 32:  # so many answers in a row, of four workers
        for service in two:
            asked = time.monotonic()
            shown = of_her(service)
            assert shown <= {"suggestion"}, "no worker keeps profiles"
            for what in shown:
                last[what] = asked - erased
            clean = 0 if shown else clean + 1
        assert time.monotonic() < until
    print(f"last seen after the erasure was answered, seconds: {last}")  # noqa: T201
