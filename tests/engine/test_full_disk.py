"""A disk runs full, below the engine, our own files or a training: said clearly, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from indexer import run
from indexer.errors import IndexingFailed
from indexer.patience import Patience
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from plugin.names import UBI_EVENTS
from ranker.training.checkpoint import CHECKPOINT
from ranker.windows import write_windows
from service.settings import Settings
from tests.engine.fault_schedule import Known
from tests.engine.indexer_help import engine, name, product, stored, write
from tests.fixtures_service import Running

pytestmark = pytest.mark.engine
FIXTURES = (engine, name)
WAIT_S = 120.0


def hurried() -> Patience:
    return Patience(give_up_s=0.5, first_wait_s=0.02, longest_wait_s=0.2)


def trouble(indexing: Callable[[], object]) -> str:
    """Index; what is said when it fails, which has to name the disk, and nothing when it does not."""
    try:
        indexing()
    except IndexingFailed as error:
        told = str(error)
    else:
        return ""
    assert "disk usage exceeded flood-stage watermark" in told
    return told


def full(engine: Engine, index: str, *, yes: bool) -> None:
    """What the engine itself does to an index when its disk passes the flood stage."""
    engine.request("PUT", f"/{index}/_settings", {"index.blocks.read_only_allow_delete": True if yes else None})


def refused(attempt: Callable[[], bool], engine: Engine, index: str) -> None:
    """Attempt until it is refused: the engine takes the block away by itself when it sees that its disk has room."""
    until = time.monotonic() + WAIT_S
    while True:
        full(engine, index, yes=True)
        if attempt():
            return
        assert time.monotonic() < until


def test_indexing_says_that_the_engines_disk_is_full_and_goes_on_when_it_is_not(engine, name, tmp_path):
    def index(first: int, last: int) -> object:
        file = write(tmp_path / f"{last}.jsonl", [product(n) for n in range(first, last)])
        return run([file], engine=engine, catalogue=name, home=tmp_path, encoder=Known(), patience=hurried())

    index(0, 50)
    last = 50

    def attempt() -> bool:
        nonlocal last
        last += 50
        told = trouble(lambda: index(0, last))
        assert not told or "run the same command again" in told
        return bool(told)

    refused(attempt, engine, name)
    assert len(stored(engine, name)) == last - 50
    full(engine, name, yes=False)
    index(0, last)
    assert len(stored(engine, name)) == last


def test_events_are_not_acknowledged_while_the_engines_disk_is_full(engine, service: Running):
    number = 0

    def event() -> tuple[dict[str, object], httpx.Response]:
        nonlocal number
        number += 1
        body = {"action_name": "click", "event_id": f"full-{os.getpid()}-{number}", "timestamp": 1_741_000_000}
        body["event_attributes"] = {"object": {"object_id": "nothing"}}
        return body, httpx.post(f"{service.url}/v1/events", json=body, timeout=WAIT_S)

    body: dict[str, object] = {}

    def attempt() -> bool:
        nonlocal body
        body, answer = event()
        if answer.status_code == 200:
            return False
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return True

    try:
        refused(attempt, engine, UBI_EVENTS)
        assert httpx.post(f"{service.url}/v1/search", json={"query": "shoes"}, timeout=WAIT_S).status_code == 200
    finally:
        full(engine, UBI_EVENTS, yes=False)
    again = httpx.post(f"{service.url}/v1/events", json=body, timeout=WAIT_S)
    assert again.json() == {"accepted": 1, "rejected": []}
    found = engine.request("POST", f"/{UBI_EVENTS}/_mget", {"ids": [f"service-sample:{body['event_id']}"]})
    assert found["docs"][0]["found"]


class Small:
    """A file system of its own, in memory, of so many kilobytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mounted: list[Path] = []

    def mount(self, folder: Path, kilobytes: int, *, owner: Path | None = None) -> Path:
        folder.mkdir(exist_ok=True)
        options = f"size={kilobytes}k"
        if owner is not None:
            about = owner.stat()
            options += f",uid={about.st_uid},gid={about.st_gid},mode=700"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("a small file system cannot be mounted here")
        self.mounted.append(folder)
        return folder

    def grow(self, folder: Path, kilobytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(folder)], check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    made = Small(tmp_path)
    yield made
    for folder in made.mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def command(engine_url: str, small: Small, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command with a home on a small disk of 300 kB."""
    home = small.mount(tmp_path / "home", 300)
    (home / "models").symlink_to(Settings().home / "models")

    def call(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            env={**os.environ, "OPENSEARCH_URL": engine_url, "HYBRIDRANK_HOME": str(home)},
            capture_output=True,
            text=True,
            input=stdin,
            check=False,
        )

    return call


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of a command that failed, which has to name the disk."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert "No space left on device" in last
    return last


@pytest.mark.slow
def test_a_full_home_ends_indexing_and_the_same_command_goes_on(command, small, engine, name, tmp_path):
    good = [product(n) for n in range(30)]
    bad = [product(n, price=-1, description="x" * 4000) for n in range(1000, 1100)]
    file = write(tmp_path / "catalogue.jsonl", [*good, *bad])
    assert str(tmp_path / "home" / "deadletters") in said(command("index", str(file), "--index", name))
    small.grow(tmp_path / "home", 4000)
    again = command("index", str(file), "--index", name, "--json")
    assert again.returncode == 3, again.stderr
    told = json.loads(again.stdout)
    assert (told["read"], told["dead_lettered"]) == (130, 100)
    assert len(Path(told["dead_letters"]).read_text().splitlines()) == 100
    assert set(stored(engine, name)) == {f"p{n}" for n in range(30)}


@pytest.mark.slow
def test_a_full_home_refuses_standard_input_before_anything_is_written(command, small, engine, name, tmp_path):
    lines = "".join(json.dumps(product(n, description="x" * 4000)) + "\n" for n in range(200))
    assert "standard input cannot be laid down" in said(command("index", "-", "--index", name, stdin=lines))
    assert not engine.request("GET", f"/hybridrank-catalogue.*.{name}.*")
    assert not list((tmp_path / "home" / "state").rglob("stdin-*"))


@pytest.mark.slow
def test_a_full_home_ends_the_reading_of_events_and_the_same_command_goes_on(command, small, engine, name, tmp_path):
    assert command("index", str(write(tmp_path / "c.jsonl", [product(1)])), "--index", name).returncode == 0
    event = {"action_name": "click", "event_attributes": {"object": {"object_id": "p1"}}}
    good = [{**event, "timestamp": 1_741_000_000 + n, "client_id": f"visitor-{n}"} for n in range(40)]
    bad = [{**event, "timestamp": "never", "event_attributes": {"note": "x" * 4000}} for n in range(100)]
    file = write(tmp_path / "log.jsonl", [*good, *bad])
    assert str(tmp_path / "home") in said(command("events", str(file), "--index", name))
    small.grow(tmp_path / "home", 4000)
    again = command("events", str(file), "--index", name, "--json")
    assert again.returncode == 3, again.stderr
    told = json.loads(again.stdout)
    assert (told["read"], told["rejected"], told["stored"] + told["duplicates"]) == (140, 100, 40)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_full_disk_ends_a_training_and_the_checkpoint_before_is_kept(small, tmp_path):
    from tests.unit.training_help import colour_windows, save_small

    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")
    disk = small.mount(tmp_path / "disk", 200_000)
    out = disk / "model"
    options = ["--epochs", "30", "--evaluate-every", "5", "--patience", "1000", "--threads", "1", "--json"]
    files = [str(tmp_path / "a.jsonl"), "--start", str(tmp_path / "start"), "--out", str(out), "--test", "0.2"]
    finetune = [sys.executable, "-m", "service", "train", "finetune", *files, *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(finetune, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 300
    while not (out / CHECKPOINT).is_file():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.01)
    fill(disk / "filler")
    _, told = process.communicate(timeout=300)
    assert process.returncode == 1, told
    assert "Traceback" not in told
    assert "the last good one is kept" in told
    (disk / "filler").unlink()
    done = subprocess.run(finetune, env=environment, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["test"]["queries"] > 0


def fill(file: Path) -> None:
    """Take all the room that is left."""
    with file.open("wb", buffering=0) as stream:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while stream.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_engine_on_a_disk_that_really_runs_full(small, engine_downloads, tmp_path):
    cluster = LocalCluster(tmp_path / "cluster", downloads=engine_downloads)
    port = free_ports(1)[0]
    try:
        data = cluster.start(port=port, timeout_s=600).run_folder
        cluster.stop()
        disk = small.mount(Path(data) / "node-1" / "data", 160_000, owner=Path(data) / "node-1" / "data")
        url = cluster.start(port=port, timeout_s=600).url
        with Engine(ClusterConfig(url, timeout_s=60)) as node:
            watermarks = {"low": "90mb", "high": "80mb", "flood_stage": "70mb"}
            settings = {f"cluster.routing.allocation.disk.watermark.{key}": mb for key, mb in watermarks.items()}
            settings["cluster.info.update.interval"] = "10s"
            node.request("PUT", "/_cluster/settings", {"persistent": settings})

            def index(last: int) -> bool:
                lines = [product(n, attributes={"note": os.urandom(10_000).hex()}) for n in range(last - 200, last)]
                file = write(tmp_path / "part.jsonl", lines)
                more = {"home": tmp_path, "encoder": Known(), "patience": hurried()}
                return not trouble(lambda: run([file], engine=node, catalogue="full", **more))

            last, until = 200, time.monotonic() + 400
            while index(last):
                last += 200
                assert time.monotonic() < until
                time.sleep(1)
            kept = set(stored(node, "full"))
            assert {f"p{n}" for n in range(last - 200)} <= kept
            small.grow(disk, 2_000_000)
            while not index(last):
                assert time.monotonic() < until
            assert {f"p{n}" for n in range(last)} == set(stored(node, "full"))
    finally:
        cluster.stop()
        for folder in small.mounted:
            subprocess.run(["umount", str(folder)], check=True)
        small.mounted.clear()
        cluster.remove()
