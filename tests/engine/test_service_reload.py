"""SIGHUP replaces the workers while people go on searching: no request fails, and new settings hold."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.fixtures_service import Running, settings_of, start_service

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
LIMIT_S = 180.0


def workers(running: Running) -> set[int]:
    return {child.pid for child in psutil.Process(running.process.pid).children()}


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def ask_on(url: str, stop: threading.Event, done: list[str], *, keep: bool) -> None:
    """Search until told to stop; each answer's status, or what went wrong, goes into ``done``."""
    limits = httpx.Limits(max_keepalive_connections=1 if keep else 0)
    with httpx.Client(base_url=url, timeout=LIMIT_S, limits=limits) as client:
        while not stop.is_set():
            try:
                done.append(str(client.post("/v1/search", json={"query": "tent", "size": 1}).status_code))
            except httpx.TransportError as error:
                done.append(type(error).__name__)


def test_no_search_fails_while_the_workers_are_replaced(engine_url, service_home, sample_index, tmp_path: Path):
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_RERANK_DEPTH": "2"}
    running = start_service(tmp_path, "--demo", "--workers", "2", **environment)
    stop = threading.Event()
    done: list[str] = []
    asking = [
        threading.Thread(target=ask_on, args=(running.url, stop, done), kwargs={"keep": keep})
        for keep in (False, True, False)
    ]
    try:
        until(lambda: len(workers(running)) == 2)
        before = workers(running)
        for thread in asking:
            thread.start()
        until(lambda: len(done) > 5)
        running.process.send_signal(signal.SIGHUP)
        until(lambda: len(workers(running) - before) == 2 and not workers(running) & before)
        answered = len(done)
        until(lambda: len(done) > answered + 5)
    finally:
        stop.set()
        for thread in asking:
            if thread.is_alive():
                thread.join(LIMIT_S)
        assert running.stop() == 0, running.log.read_text()
    assert set(done) == {"200"}
