"""OpenSearch away, slow, red, or of another version: a problem answer, readiness false, recovery without a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from plugin.catalogue import lookup, publish
from plugin.client import ClusterConfig, Engine
from tests.fixtures_service import Running, settings_of, start_service

from .relay import Relay

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
NAME = f"trouble-{uuid.uuid4().hex[:8]}"
LIMIT_S = 90.0


@pytest.fixture(scope="module")
def relay(engine_url: str) -> Iterator[Relay]:
    with Relay(engine_url) as one:
        yield one


@pytest.fixture(scope="module")
def running(
    relay: Relay, engine_url: str, service_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("trouble")
    products = folder / "products.jsonl"
    lines = [json.dumps({"id": f"p{n}", "title": f"tent for {n}"}) + "\n" for n in range(3)]
    products.write_text("".join(lines))
    environment = {
        **settings_of(relay.url, service_home),
        "HYBRIDRANK_INDEX": NAME,
        "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "5",
    }
    subprocess.run(
        [sys.executable, "-m", "service", "index", str(products)],
        env={**os.environ, **environment, "OPENSEARCH_URL": engine_url, "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "60"},
        check=True,
        capture_output=True,
    )
    one = start_service(folder, "--demo", "--threads", "8", **environment)
    yield one
    assert one.stop() == 0, one.log.read_text()


def search(running: Running) -> httpx.Response:
    return httpx.post(running.url + "/v1/search", json={"query": "tent"}, timeout=LIMIT_S)


def ready(running: Running) -> httpx.Response:
    return httpx.get(running.url + "/readyz", timeout=LIMIT_S)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def well(running: Running) -> None:
    until(lambda: ready(running).status_code == 200)
    until(lambda: search(running).status_code == 200)
    assert search(running).json()["total"] == 3


def ill(running: Running, kind: str) -> str:
    """Wait until it shows; every answer is a problem, the process lives; returns the reason."""
    until(lambda: ready(running).status_code == 503)
    until(lambda: search(running).status_code == 503)
    answer = search(running)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:hybridrank:problem:{kind}"
    assert httpx.get(running.url + "/healthz", timeout=LIMIT_S).status_code == 200
    assert httpx.get(running.url + "/", timeout=LIMIT_S).status_code == 200
    event = {"action_name": "click", "timestamp": 1741000000, "event_attributes": {"object": {"object_id": "p1"}}}
    told = httpx.post(running.url + "/v1/events", json=event, timeout=LIMIT_S)
    assert told.status_code in {200, 503}, told.text
    told = ready(running)
    assert told.json()["ready"] is False
    return told.json()["reasons"]["opensearch"]


def test_away(running, relay):
    well(running)
    relay.down()
    assert "does not answer" in ill(running, "engine-unavailable")
    assert int(search(running).headers["Retry-After"]) > 0
    relay.up()
    well(running)


@pytest.mark.slow
def test_slow(running, relay):
    well(running)
    relay.slow(7)
    try:
        assert "does not answer" in ill(running, "engine-unavailable")
    finally:
        relay.slow(0)
    well(running)


def test_of_a_version_that_is_not_supported(running, relay, engine_url):
    well(running)
    with Engine(ClusterConfig(engine_url)) as engine:
        version = engine.info().version
    told = "1" + version[1:]
    relay.down()
    relay.forge(f'"number" : "{version}"', f'"number" : "{told}"')
    relay.up()
    try:
        reason = ill(running, "engine-unsupported")
        assert told in reason
        assert "needs 2." in reason
    finally:
        relay.forge("", "")
    well(running)


def test_red(running, engine_url):
    well(running)
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        whole = lookup(engine, NAME).index
        lost = whole.rpartition(".")[0] + ".000777"
        settings = {"index.routing.allocation.require._name": "nobody"}
        engine.request("PUT", f"/{lost}", {"settings": settings}, params={"wait_for_active_shards": "0"})
        publish(engine, lost)
        try:
            assert "red" in ill(running, "engine-unavailable")
        finally:
            publish(engine, whole)
            engine.request("DELETE", f"/{lost}")
    well(running)
