"""What a search costs as work grows, in CPU-seconds, by stage.

``python -m benchmarks.growth --products 10000 100000 1000000 [--requests 60] [--out FOLDER]`` over catalogues that
``benchmarks.growth_catalogue`` has loaded into ``OPENSEARCH_URL``. CPU-seconds are what is counted, because others may
use the machine: of the service by ``/proc``, of OpenSearch by its own statistics. Both are less what they use when
nobody asks. Five things grow, each alone:

- ``products``, ``candidates`` (of each signal) and ``read`` (by the transformer): one request at a time through the
  application in this process, so that the CPU time of each stage can be told.
- ``clients`` and ``workers``: ``hybridrank serve`` in processes of its own. Clients share the cores with what they ask.

Every query is new to the service. Writes ``growth.json`` and ``growth.svg``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from plugin.client import Engine
from service import metrics
from service.app import create_app
from service.engine import engine_from
from service.settings import Settings

from .growth_catalogue import name_of, queries
from .growth_plot import plot
from .served import served

MIDDLE = {"candidates": 100, "read": 4, "clients": 1, "workers": 1}
"""Where everything else stays while one thing grows."""
CANDIDATES = (10, 30, 100, 200, 500)
READ = (1, 4, 16, 50)
CLIENTS = (1, 4, 16, 64)
WORKERS = (1, 2, 4)
IDLE_S = 6.0
WARM = 8
FREE = {"HYBRIDRANK_RERANK_BUDGET_MS": "600000", "HYBRIDRANK_BEHAVIOUR_BUDGET_MS": "60000", "HYBRIDRANK_THREADS": "1"}
"""No budget cuts a request short, so all do the same work."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, on average.

    Attributes:
        stages: CPU-seconds by stage; ``opensearch`` is the engine's, the others are the service's.
        p50_s: median time to the answer, on a machine that others may use.
    """

    stages: dict[str, float]
    p50_s: float

    @property
    def total(self) -> float:
        """CPU-seconds of a request."""
        return sum(self.stages.values())


def engine_cpu(engine: Engine) -> float:
    """CPU-seconds that all nodes have used so far."""
    answer = engine.request("GET", "/_nodes/stats/process", params={"filter_path": "nodes.*.process.cpu"})
    return sum(float(node["process"]["cpu"]["total_in_millis"]) for node in answer["nodes"].values()) / 1000


def idle(read: Callable[[], float]) -> float:
    """CPU-seconds a second when nobody asks."""
    before, started = read(), time.monotonic()
    time.sleep(IDLE_S)
    return (read() - before) / (time.monotonic() - started)


def settled(engine: Engine) -> None:
    """Wait until the engine merges nothing."""
    while True:
        answer = engine.request("GET", "/_nodes/stats/indices/merge", params={"filter_path": "nodes.*.indices.merges"})
        if not any(node["indices"]["merges"]["current"] for node in answer["nodes"].values()):
            return
        time.sleep(2)


@contextmanager
def stages_by_cpu() -> Iterator[dict[str, float]]:
    """Count the CPU time of this process by stage; right while one request runs at a time."""
    spent: dict[str, float] = defaultdict(float)
    whole = metrics.stage

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        started = time.process_time()
        try:
            yield
        finally:
            spent[name] += time.process_time() - started

    metrics.stage = stage
    try:
        yield spent
    finally:
        metrics.stage = whole


def inside(engine: Engine, products: int, texts: list[str], *, candidates: int, read: int) -> Cost:
    """One request at a time through the application in this process."""
    settings = Settings(
        index=name_of(products),
        candidates_per_signal=candidates,
        rerank_depth=read,
        threads=1,
        rerank_budget_ms=600_000,
        behaviour_budget_ms=60_000,
    )
    app = create_app(settings, demo=True)
    client = app.test_client()
    settled(engine)
    quiet = idle(lambda: engine_cpu(engine))
    with stages_by_cpu() as spent:
        for text in texts[:WARM]:
            assert client.post("/v1/search", json={"query": text}).status_code == 200
        spent.clear()
        took: list[float] = []
        cpu, theirs, started = time.process_time(), engine_cpu(engine), time.monotonic()
        for text in texts[WARM:]:
            began = time.perf_counter()
            answer = client.post("/v1/search", json={"query": text})
            took.append(time.perf_counter() - began)
            assert answer.status_code == 200
            assert answer.get_json().get("degraded") is None
        mine = time.process_time() - cpu
        theirs = engine_cpu(engine) - theirs - quiet * (time.monotonic() - started)
        parts = dict(spent)
    app.extensions["hybridrank"].close()
    count = len(texts) - WARM
    parts = {name: seconds / count for name, seconds in parts.items()}
    parts["rest"] = mine / count - sum(parts.values())
    return Cost({**parts, "opensearch": theirs / count}, statistics.median(took))


def service_cpu(master: psutil.Process) -> float:
    """CPU-seconds of the workers."""
    return sum(sum(worker.cpu_times()[:2]) for worker in master.children())


def outside(engine: Engine, products: int, texts: list[str], *, clients: int, workers: int) -> tuple[Cost, float]:
    """Many clients and workers; also gives the mean resident MiB of a worker."""
    threads = max(4, min(16, clients))
    with served(name_of(products), workers=workers, threads=threads, environment=FREE) as (url, master):
        with httpx.Client(base_url=url, timeout=600, limits=httpx.Limits(max_connections=clients)) as client:

            def ask(text: str) -> float:
                began = time.perf_counter()
                answer = client.post("/v1/search", json={"query": text})
                answer.raise_for_status()
                return time.perf_counter() - began

            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(ask, texts[: WARM * workers]))
                settled(engine)
                quiet, quiet_here = idle(lambda: engine_cpu(engine)), idle(lambda: service_cpu(master))
                mine, theirs, started = service_cpu(master), engine_cpu(engine), time.monotonic()
                took = list(pool.map(ask, texts[WARM * workers :]))
                seconds = time.monotonic() - started
                mine = service_cpu(master) - mine - quiet_here * seconds
                theirs = engine_cpu(engine) - theirs - quiet * seconds
        memory = statistics.mean(worker.memory_info().rss / 2**20 for worker in master.children())
    count = len(took)
    return Cost({"service": mine / count, "opensearch": theirs / count}, statistics.median(took)), memory


def exponent(values: list[int], costs: list[float]) -> float | None:
    """The slope of log cost over log value by least squares; ``None`` where a cost is not positive."""
    if min(costs) <= 0:
        return None
    x, y = [math.log(value) for value in values], [math.log(cost) for cost in costs]
    middle_x, middle_y = statistics.mean(x), statistics.mean(y)
    along = sum((a - middle_x) ** 2 for a in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / along


def told(values: list[int], costs: list[Cost]) -> dict[str, Any]:
    """One axis, as it is written down."""
    names = sorted({name for cost in costs for name in cost.stages})
    by_stage = {name: [cost.stages.get(name, 0.0) for cost in costs] for name in names}
    totals = [cost.total for cost in costs]
    last = costs[-1].stages
    growth = {name: last[name] - costs[0].stages.get(name, 0.0) for name in last}
    return {
        "values": values,
        "cpu_ms": {name: [round(1000 * cost, 2) for cost in found] for name, found in by_stage.items()},
        "total_cpu_ms": [round(1000 * total, 1) for total in totals],
        "p50_ms": [round(1000 * cost.p50_s) for cost in costs],
        "exponent": {name: exponent(values, found) for name, found in {**by_stage, "total": totals}.items()},
        "largest": max(last, key=last.__getitem__),
        "grows_most": max(growth, key=growth.__getitem__),
    }


def main() -> None:
    """Measure, write down and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=60, help="of each cell")
    parser.add_argument("--axes", nargs="+", default=["products", "candidates", "read", "clients", "workers"])
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    middle = sorted(given.products)[len(given.products) // 2]
    fresh = iter(queries(40 * (given.requests + 8 * WARM)))

    def texts(warm: int = WARM) -> list[str]:
        return list(itertools.islice(fresh, given.requests + warm))

    file = given.out / "growth.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    with engine_from(Settings()) as engine:
        for axis in given.axes:
            if axis in {"products", "candidates", "read"}:
                values = {"products": sorted(given.products), "candidates": list(CANDIDATES), "read": list(READ)}[axis]
                costs = [inside(engine, **_cell(axis, value, middle), texts=texts()) for value in values]
                found[axis] = told(values, costs)
            else:
                values = list(CLIENTS if axis == "clients" else WORKERS)
                cells = [
                    outside(
                        engine,
                        middle,
                        texts(WARM * (value if axis == "workers" else 2)),
                        clients=value if axis == "clients" else 16,
                        workers=value if axis == "workers" else 2,
                    )
                    for value in values
                ]
                found[axis] = told(values, [cost for cost, _ in cells])
                found[axis]["resident_mib"] = [round(memory) for _, memory in cells]
            print(axis, json.dumps(found[axis]), file=sys.stderr)
            file.write_text(json.dumps(found, indent=2) + "\n")
    plot(found, given.out / "growth.svg")


def _cell(axis: str, value: int, products: int) -> dict[str, int]:
    cell = {"products": products, "candidates": MIDDLE["candidates"], "read": MIDDLE["read"]}
    return {**cell, axis: value}


if __name__ == "__main__":
    main()
