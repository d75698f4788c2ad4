"""Recommendations follow what a visitor does, also when another worker took it in."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest

from personal.event_times import now_ms
from tests.fixtures_service import Running, settings_of, start_service

pytestmark = pytest.mark.engine
WAIT_S = 120


@pytest.fixture(scope="module")
def other(engine_url: str, service_home: Path, sample_index: str, service: Running) -> Iterator[Running]:
    """A second service of the same deployment: another process, as another worker is; it keeps few streams open."""
    running = start_service(
        service_home, "--demo", **{**settings_of(engine_url, service_home), "HYBRIDRANK_STREAMS": "2"}
    )
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture(scope="module")
def items(service: Running) -> list[str]:
    body = {"query": "shoes", "size": 6}
    found = httpx.post(f"{service.url}/v1/search", json=body, timeout=WAIT_S).json()["results"]
    return [one["id"] for one in found]


@contextmanager
def followed(service: Running, session: str, **query: Any) -> Iterator[Queue[tuple[str, Any]]]:
    """A stream's events, as they come."""
    events: Queue[tuple[str, Any]] = Queue()
    done = threading.Event()
    client = httpx.Client(timeout=httpx.Timeout(WAIT_S))

    def read() -> None:
        headers = {"X-Hybridrank-Session": session}
        try:
            with client.stream("GET", f"{service.url}/v1/recommend/stream", params=query, headers=headers) as answer:
                if answer.status_code != 200:
                    answer.read()
                    events.put((str(answer.status_code), answer.json()))
                    return
                kind = ""
                for line in answer.iter_lines():
                    if done.is_set():
                        return
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data":
                        events.put((kind, json.loads(value)))
        except httpx.HTTPError as error:
            if not done.is_set():
                events.put(("broken", repr(error)))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield events
    finally:
        done.set()
        client.close()


def do(service: Running, session: str, item: str, action: str) -> None:
    event = {
        "action_name": action,
        "event_id": uuid.uuid4().hex,
        "timestamp": now_ms(),
        "event_attributes": {"object": {"object_id": item}},
    }
    headers = {"X-Hybridrank-Session": session}
    answer = httpx.post(f"{service.url}/v1/events", json=event, headers=headers, timeout=WAIT_S)
    assert answer.json() == {"accepted": 1, "rejected": []}


def test_a_new_list_comes_after_an_event_that_another_process_took_in(
    service: Running, other: Running, items: list[str]
) -> None:
    session = f"visit-{uuid.uuid4().hex}"
    with followed(service, session, item=items[0], size=10) as events:
        kind, first = events.get(timeout=WAIT_S)
        assert kind == "recommendations", first
        before = [one["id"] for one in first["recommendations"]]
        bought = before[0]
        do(other, session, bought, "purchase")
        kind, second = events.get(timeout=WAIT_S)
        assert kind == "recommendations", second
        after = [one["id"] for one in second["recommendations"]]
        assert bought not in after
        assert any("session" in one["signals"] for one in second["recommendations"])
        assert not any("session" in one["signals"] for one in first["recommendations"])
        do(service, "another-visit-" + uuid.uuid4().hex, after[0], "click")
        do(service, session, after[0], "click")
        kind, third = events.get(timeout=WAIT_S)
        assert kind == "recommendations", third
        assert events.empty()


def test_a_visit_is_followed_without_an_item(service: Running, items: list[str]) -> None:
    session = f"visit-{uuid.uuid4().hex}"
    with followed(service, session) as events:
        assert events.get(timeout=WAIT_S)[0] == "recommendations"
        do(service, session, items[1], "view")
        found = events.get(timeout=WAIT_S)[1]["recommendations"]
        assert found
        assert items[1] not in [one["id"] for one in found]


def test_streams_are_capped_and_their_places_come_free(other: Running, items: list[str]) -> None:
    with (
        followed(other, "capped-visit-1", item=items[0]) as first,
        followed(other, "capped-visit-2", item=items[0]) as second,
    ):
        assert first.get(timeout=WAIT_S)[0] == second.get(timeout=WAIT_S)[0] == "recommendations"
        with followed(other, "capped-visit-3", item=items[0]) as third:
            assert third.get(timeout=WAIT_S)[0] == "503"
        assert httpx.get(f"{other.url}/healthz", timeout=WAIT_S).status_code == 200
    until = time.monotonic() + WAIT_S
    while True:
        # Closed connections are noticed by the next write; an event brings it about.
        for session in ("capped-visit-1", "capped-visit-2"):
            do(other, session, items[2], "click")
        with followed(other, "capped-visit-4", item=items[0]) as again:
            if again.get(timeout=WAIT_S)[0] == "recommendations":
                return
        assert time.monotonic() < until
        time.sleep(0.5)


def test_nobody_and_the_unknown_are_refused_before_anything_is_sent(service: Running) -> None:
    url = f"{service.url}/v1/recommend/stream"
    assert httpx.get(url, timeout=WAIT_S).status_code == 422
    headers = {"X-Hybridrank-Session": "some-visit-1"}
    assert httpx.get(url, params={"item": "nothing"}, headers=headers, timeout=WAIT_S).status_code == 404
    assert httpx.get(url, params={"index": "no-such"}, headers=headers, timeout=WAIT_S).status_code == 404
