"""A node of a real cluster is killed under load: what fails, for how long, and is anything acknowledged lost?"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from plugin.errors import EngineError
from plugin.names import UBI_EVENTS
from service.sample import SampleFolder
from service.settings import Settings
from tests.fixtures_service import INDEX, Running, settings_of, start_service

WAIT_S = 300.0
START_S = 600.0
QUIET_S = 15.0
"""For so long no search may fail, before the fail-over counts as over."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs: the cluster, how to start it again, the addresses, and a client that knows every node."""

    cluster: LocalCluster
    port: int
    urls: tuple[str, ...]
    service_url: str
    engine: Engine


@dataclass
class Load:
    """What clients did and met; times are of ``time.monotonic``."""

    searches: list[tuple[float, float, str]] = field(default_factory=list)
    writes: list[tuple[float, str]] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def search(self, url: str, index: str) -> None:
        """Search by the service until told to stop; notes when each search began and ended, and its outcome."""
        with httpx.Client(base_url=url, timeout=WAIT_S) as client:
            while not self.stop.is_set():
                began = time.monotonic()
                try:
                    answer = client.post("/v1/search", json={"index": index, "query": "shoes", "size": 5})
                    outcome = str(answer.status_code)
                except httpx.TransportError as error:
                    outcome = type(error).__name__
                self.searches.append((began, time.monotonic(), outcome))
                self.stop.wait(0.02)

    def log_events(self, url: str, index: str, item: str) -> None:
        """Send events until told to stop; notes those that were accepted."""
        with httpx.Client(base_url=url, timeout=WAIT_S) as client:
            while not self.stop.is_set():
                name = uuid.uuid4().hex
                event = {
                    "application": index,
                    "action_name": "click",
                    "event_id": name,
                    "timestamp": int(time.time() * 1000),
                    "event_attributes": {"object": {"object_id": item}},
                }
                try:
                    answer = client.post("/v1/events", json=event)
                    outcome = str(answer.status_code)
                    if answer.status_code == 200 and answer.json()["accepted"] == 1:
                        self.events.append(name)
                except httpx.TransportError as error:
                    outcome = type(error).__name__
                self.writes.append((time.monotonic(), outcome))
                self.stop.wait(0.02)

    def write(self, url: str, index: str) -> None:
        """Write documents straight into the engine until told to stop; notes those that were acknowledged."""
        with Engine(ClusterConfig(url, timeout_s=60)) as engine:
            while not self.stop.is_set():
                name = f"written-{len(self.documents)}-{uuid.uuid4().hex[:6]}"
                try:
                    engine.request("PUT", f"/{index}/_doc/{name}", {"id": name, "title": name})
                    self.documents.append(name)
                    outcome = "200"
                except EngineError as error:
                    outcome = type(error).__name__
                self.writes.append((time.monotonic(), outcome))
                self.stop.wait(0.02)


@dataclass(frozen=True, slots=True)
class FailOver:
    """One kill.

    Attributes:
        killed: what the node was: ``primary`` (held the catalogue's) or ``manager`` (led the cluster).
        searches: how many were asked from the kill on.
        failed_searches: how many of them failed.
        window_s: from the kill to the end of the last search that failed; 0 where none did.
        slowest_search_s: of those that were asked in the ``QUIET_S`` after the kill.
        failed_writes: writes and events that were refused, and so not acknowledged.
        acknowledged: documents and events acknowledged, before and after.
        lost: how many of these are not there, with the node dead or back.
    """

    killed: str
    searches: int
    failed_searches: int
    window_s: float
    slowest_search_s: float
    failed_writes: int
    acknowledged: int
    lost: int

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return asdict(self)


@contextmanager
def deployment(folder: Path, downloads: Path) -> Iterator[Deployment]:
    """Three nodes and a service that knows the addresses of all, with a small catalogue; gone at the end."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "models").symlink_to(Settings().home / "models")
    cluster = LocalCluster(folder / "cluster", downloads=downloads)
    port = free_ports(1)[0]
    running: Running | None = None
    try:
        info = cluster.start(port=port, nodes=3, timeout_s=START_S)
        environment = {**settings_of(",".join(info.urls), home), "HYBRIDRANK_RERANK_DEPTH": "1"}
        sample = SampleFolder.of(Settings(home=home))
        sample.write(lambda _: None, 100)
        subprocess.run(
            [sys.executable, "-m", "service", "index", str(sample.products)],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
        running = start_service(folder, "--demo", "--threads", "8", **environment)  # type: ignore[arg-type]
        with Engine(ClusterConfig(",".join(info.urls), timeout_s=60)) as engine:
            green(engine)
            yield Deployment(cluster, port, info.urls, running.url, engine)
    finally:
        if running is not None:
            running.stop()
        cluster.remove()


def green(engine: Engine) -> None:
    """Wait until every copy of every shard is there."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            params = {"wait_for_status": "green", "wait_for_no_relocating_shards": "true", "timeout": "20s"}
            if engine.request("GET", "/_cluster/health", params=params, timeout_s=60)["status"] == "green":
                return
        except EngineError:
            time.sleep(0.5)
    raise AssertionError("the cluster does not get green")


def node_of(engine: Engine, what: str, index: str) -> str:
    """The name of the node that holds the primary of an index, or that leads the cluster."""
    if what == "manager":
        return str(engine.request("GET", "/_cat/cluster_manager", params={"format": "json"})[0]["node"])
    rows = engine.request("GET", f"/_cat/shards/{index}", params={"format": "json"})
    return str(next(row["node"] for row in rows if row["prirep"] == "p"))


def process_of(engine: Engine, node: str) -> psutil.Process:
    """The process of a node."""
    answer = engine.request("GET", f"/_nodes/{node}/process", params={"filter_path": "nodes.*.process.id"})
    ((found,),) = [[part["process"]["id"] for part in answer["nodes"].values()]]
    return psutil.Process(int(found))


@contextmanager
def under_load(load: Load, service_url: str, engine_urls: str, index: str, item: str) -> Iterator[None]:
    """Two searchers, one who sends events, one who writes documents."""
    threads = [
        threading.Thread(target=load.search, args=(service_url, index)),
        threading.Thread(target=load.search, args=(service_url, index)),
        threading.Thread(target=load.log_events, args=(service_url, index, item)),
        threading.Thread(target=load.write, args=(engine_urls, index)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.stop.set()
        for thread in threads:
            thread.join(WAIT_S)


def kill_one(what: str, there: Deployment) -> FailOver:
    """Kill a node under load, wait until searches go through again, and bring it back."""
    load = Load()
    item = there.engine.search(INDEX, {"size": 1})["hits"]["hits"][0]["_id"]
    victim = process_of(there.engine, node_of(there.engine, what, INDEX))
    with under_load(load, there.service_url, ",".join(there.urls), INDEX, item):
        _until(lambda: len(load.searches) > 20 and len(load.events) > 10 and len(load.documents) > 10)
        killed = time.monotonic()
        victim.kill()
        _until(lambda: _quiet_since(load, killed))
    after = [one for one in load.searches if one[1] >= killed]
    failed = [ended for _, ended, outcome in after if outcome != "200"]
    events = [f"{INDEX}:{name}" for name in load.events]
    missing = lost(there.engine, INDEX, load.documents) + lost(there.engine, UBI_EVENTS, events)
    there.cluster.start(port=there.port, nodes=3, timeout_s=START_S)
    green(there.engine)
    missing = max(missing, lost(there.engine, INDEX, load.documents) + lost(there.engine, UBI_EVENTS, events))
    return FailOver(
        killed=what,
        searches=len(after),
        failed_searches=len(failed),
        window_s=round(max(failed, default=killed) - killed, 2),
        slowest_search_s=round(max(end - began for began, end, _ in after), 2),
        failed_writes=sum(outcome != "200" for _, outcome in load.writes),
        acknowledged=len(load.documents) + len(load.events),
        lost=missing,
    )


def _quiet_since(load: Load, killed: float) -> bool:
    """Whether for some seconds now searches and writes have been coming back, and none failed."""
    last = max((end for _, end, outcome in load.searches if outcome != "200"), default=killed)
    failed_write = max((end for end, outcome in load.writes if outcome != "200"), default=killed)
    begun = max(last, failed_write, killed)
    good = [end for _, end, outcome in load.searches if outcome == "200" and end > begun]
    return bool(good) and max(good) - begun > QUIET_S


def _until(condition: Any) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


def lost(engine: Engine, index: str, ids: list[str]) -> int:
    """How many documents are not there, by real-time get."""
    if not ids:
        return 0
    answer = engine.request("POST", f"/{index}/_mget", {"ids": ids}, {"_source": "false"}, timeout_s=60)
    return sum(not one.get("found") for one in answer["docs"])
