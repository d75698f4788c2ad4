"""The main job: one command brings an engine, a catalogue and a page, and takes away what it brought."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from plugin.engine.ports import free_ports
from service.settings import Settings
from tests.fixtures_service import INDEX, settings_of

pytestmark = pytest.mark.engine


def start_demo(log: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "service", "demo", *arguments],
            env={**{name: value for name, value in os.environ.items() if name != "OPENSEARCH_URL"}, **environment},
            stderr=stream,
            stdout=stream,
            start_new_session=True,
        )


def wait_for(demo: subprocess.Popen[bytes], log: Path, ready: object, limit_s: float) -> None:
    until = time.monotonic() + limit_s
    while not ready():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(url + "/healthz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def left_over(home: Path) -> list[str]:
    """Processes that name the home in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline()) + process.environ().get("HYBRIDRANK_HOME", "")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if str(home) in words and process.pid != os.getpid():
            found.append(words[:200])
    return found


def test_the_demo_does_not_write_into_somebody_elses_catalogue(engine_url, service_home, tmp_path):
    products = tmp_path / "products.jsonl"
    products.write_text(json.dumps({"id": "mine", "title": "A product of my own"}) + "\n")
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_INDEX": "somebody-elses"}
    subprocess.run(
        [sys.executable, "-m", "service", "index", str(products)],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    run = subprocess.run(
        [sys.executable, "-m", "service", "demo", "--port", str(free_ports(1)[0])],
        env={**os.environ, **environment, "HYBRIDRANK_SAMPLE_PRODUCTS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "1 products that are not the sample's" in run.stderr


@pytest.mark.slow
def test_a_second_demo_finds_everything_in_place_and_stops_on_sigterm(engine_url, service_home, sample_index, tmp_path):
    port = free_ports(1)[0]
    log = tmp_path / "log"
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_SAMPLE_PRODUCTS": "300"}
    demo = start_demo(log, "--port", str(port), "--index", INDEX, **environment)
    url = f"http://127.0.0.1:{port}"
    wait_for(demo, log, lambda: answers(url), 300)
    assert "indexed 0 + unchanged 300" in log.read_text()
    found = httpx.post(url + "/v1/search", json={"query": "shoes", "size": 1}, timeout=90).json()["results"][0]
    picture = httpx.get(f"{url}/media/{INDEX}/{found['id']}", timeout=30)
    assert picture.headers["content-type"] == "image/webp"
    assert picture.content[8:12] == b"WEBP"
    os.killpg(demo.pid, signal.SIGTERM)
    assert demo.wait(120) == 0, log.read_text()
    assert not answers(url)
    assert httpx.get(engine_url, timeout=30).status_code == 200, "an engine that the demo found must stay"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_brings_its_own_engine_and_leaves_nothing(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo")
    own = Settings().home
    (home / "engine").mkdir()
    (home / "engine" / "downloads").symlink_to(own / "engine" / "downloads")
    (home / "models").symlink_to(own / "models")
    log = home / "log"
    environment = {"HYBRIDRANK_HOME": str(home), "HYBRIDRANK_SAMPLE_PRODUCTS": "300"}
    port = free_ports(1)[0]

    demo = start_demo(log, "--port", str(port), **environment)
    wait_for(demo, log, lambda: "indexing" in log.read_text(), 400)
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(120) == 0, log.read_text()
    assert left_over(home) == []

    demo = start_demo(log, "--port", str(port), **environment)
    wait_for(demo, log, lambda: answers(f"http://127.0.0.1:{port}"), 400)
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(120) == 0, log.read_text()
    assert left_over(home) == []
