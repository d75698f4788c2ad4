"""Two services behind the nginx of the documentation: they answer alike, share what shoppers do, and one may die."""

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

from plugin.engine.ports import free_ports
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
def two(engine_url: str, service_home: Path, sample_index: str, tmp_path: Path) -> Iterator[list[Running]]:
    """Two services of one deployment."""
    environment = settings_of(engine_url, service_home)
    started = [start_service(tmp_path, "--demo", "--workers", "2", **environment) for _ in range(2)]
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
