"""A real service process over the sample catalogue in the session's real OpenSearch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from plugin.engine.ports import free_ports
from service.sample import SampleFolder
from service.settings import Settings

SAMPLE = 300
INDEX = "service-sample"


@dataclass
class Running:
    """A service process.

    Attributes:
        url: where it answers.
        process: the master; it ends with the session.
        log: what it wrote on standard error.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, limit_s: float = 120) -> int:
        """Send SIGTERM and wait; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(limit_s)
        assert "SIGABRT" not in self.log.read_text(), self.log.read_text()
        return status

    def kill(self) -> None:
        """``kill -9`` master and workers, the master first so that it replaces nobody."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for worker in workers:
            worker.kill()
        self.process.wait(60)


def start_service(
    folder: Path, *arguments: str, wait_s: float = 300, port: int | None = None, **environment: str
) -> Running:
    """Start ``hybridrank serve`` on a free port and wait until it is alive."""
    port = port or free_ports(1)[0]
    log = folder / f"serve-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--port", str(port), *arguments],
            env={**os.environ, **environment},
            stderr=stream,
            stdout=stream,
        )
    running = Running(f"http://127.0.0.1:{port}", process, log)
    until = time.monotonic() + wait_s
    while True:
        if process.poll() is not None:
            pytest.fail(f"the service ended with {process.returncode}: {log.read_text()}")
        try:
            if httpx.get(running.url + "/healthz", timeout=30).status_code == 200:
                return running
        except httpx.TransportError:
            time.sleep(0.2)
        if time.monotonic() > until:
            running.process.kill()
            pytest.fail(f"the service does not answer: {log.read_text()}")


@pytest.fixture(scope="session")
def service_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a part of the sample catalogue; encoders are taken from the user's own home, not fetched again."""
    home = tmp_path_factory.mktemp("service")
    models = Settings().home / "models"
    models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(models)
    return home


@pytest.fixture(scope="session")
def sample_index(engine_url: str, service_home: Path) -> str:
    """The name of a catalogue with the first products of the sample."""
    folder = SampleFolder.of(Settings(home=service_home))
    folder.write(lambda _: None, SAMPLE)
    subprocess.run(
        [sys.executable, "-m", "service", "index", "--rebuild", str(folder.products), "--images", str(folder.folder)],
        env={**os.environ, **settings_of(engine_url, service_home)},
        check=True,
        capture_output=True,
    )
    return INDEX


def index_part(engine_url: str, home: Path, name: str, count: int) -> None:
    """Make a catalogue of the sample's first products, for tests whose behaviour or log nobody else may touch."""
    products = SampleFolder.of(Settings(home=home)).products.read_text("utf-8").splitlines(keepends=True)
    file = home / f"{name}.jsonl"
    file.write_text("".join(products[:count]), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "service", "index", "--rebuild", str(file), "--index", name],
        env={**os.environ, **settings_of(engine_url, home)},
        check=True,
        capture_output=True,
    )


def settings_of(engine_url: str, home: Path) -> dict[str, str]:
    """The environment of a service of the tests; the time budget is wide, for these machines are slow and shared."""
    return {
        "OPENSEARCH_URL": engine_url,
        "HYBRIDRANK_HOME": str(home),
        "HYBRIDRANK_INDEX": INDEX,
        "HYBRIDRANK_RERANK_BUDGET_MS": "60000",
        "HYBRIDRANK_RERANK_REQUEST_BUDGET_MS": "120000",
        "HYBRIDRANK_BEHAVIOUR_BUDGET_MS": "30000",
        "HYBRIDRANK_RERANK_DEPTH": "20",
        "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "90",
        "HYBRIDRANK_QUEUE_WAIT_MS": "120000",
    }


@pytest.fixture(scope="session")
def service(engine_url: str, service_home: Path, sample_index: str) -> Iterator[Running]:
    """A service in demo mode over the sample."""
    assert sample_index == INDEX
    running = start_service(service_home, "--demo", **settings_of(engine_url, service_home))  # type: ignore[arg-type]
    yield running
    assert running.stop() == 0, running.log.read_text()
