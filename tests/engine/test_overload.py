"""A real service that is asked more than it can answer: some are answered, the others are told when to come again."""

from __future__ import annotations

import threading
from collections import Counter

import httpx
import pytest

from tests.fixtures_service import settings_of, start_service

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
CLIENTS = 24


def test_more_than_the_queue_holds_is_a_429_and_the_service_goes_on(engine_url, service_home, tmp_path):
    environment = {
        **settings_of(engine_url, service_home),
        "HYBRIDRANK_QUEUE": "2",
        "HYBRIDRANK_QUEUE_WAIT_MS": "120000",
    }
    running = start_service(tmp_path, "--demo", "--threads", "1", **environment)
    # Enough reading that 24 callers meet: each takes tens of milliseconds at least.
    body = {"query": "boots", "documents": [f"leather boot number {n} for rain and mud" for n in range(60)]}
    start = threading.Barrier(CLIENTS)
    answers: list[httpx.Response] = []

    def ask() -> None:
        start.wait(120)
        answers.append(httpx.post(f"{running.url}/v1/rerank", json=body, timeout=300))

    callers = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    try:
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(300)
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {200, 429}
        assert sum(statuses.values()) == CLIENTS
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["type"] == "urn:hybridrank:problem:overloaded"
        assert int(refused.headers["Retry-After"]) >= 1
        assert httpx.get(f"{running.url}/healthz", timeout=60).status_code == 200
        assert httpx.post(f"{running.url}/v1/rerank", json=body, timeout=300).status_code == 200
        counted = f"hybridrank_overloaded_total {statuses[429]:.1f}"
        assert counted in httpx.get(f"{running.url}/metrics", timeout=60).text
    finally:
        assert running.stop() == 0
