"""Half an hour of mixed load: does anything fail, grow or stay open?

``python -m benchmarks.soak --index NAME [--minutes 30] [--rate 4] [--workers 2]`` starts ``hybridrank serve --demo``
over a catalogue in ``OPENSEARCH_URL`` and asks it at a steady rate, whether it keeps up or not: searches by words, by
facets and filters, later pages, suggestions, recommendations and their streams, events, profiles, reranking, encoding,
and hostile bodies. The caches of a worker are made small, so that they are full early and what grows later is a leak.
Every 20 seconds each worker's resident memory, threads and descriptors are noted. With ``--replace`` the workers are
replaced by SIGHUP twice meanwhile. Prints JSON and, with ``--plot FILE``, draws memory over time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from plugin.engine.ports import free_ports

WORDS = ("lamp", "shoes", "tent", "coffee", "garden", "blue", "wood", "winter", "desk", "gift", "running", "silver")
MIX = {
    "search": 30,
    "facets": 8,
    "page": 8,
    "suggest": 20,
    "events": 15,
    "recommend": 8,
    "stream": 2,
    "rerank": 3,
    "embed": 3,
    "profile": 1,
    "hostile": 2,
}
"""Kinds of request and how many of a hundred are such."""
SMALL = {
    "HYBRIDRANK_QUERY_VECTORS": "300",
    "HYBRIDRANK_READING_MEMORY_MB": "4",
    "HYBRIDRANK_PRODUCT_MEMORY_MB": "2",
    "HYBRIDRANK_ITEM_VECTORS": "300",
    "HYBRIDRANK_RERANK_DEPTH": "2",
    "HYBRIDRANK_RERANK_BUDGET_MS": "60000",
    "HYBRIDRANK_BEHAVIOUR_BUDGET_MS": "30000",
    "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "60",
    "HYBRIDRANK_THREADS": "1",
}
EVERY_S = 20.0
REFUSED = frozenset({400, 413, 422})


@dataclass
class Tally:
    """What came back, by kind; thread-safe."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: str, seconds: float) -> None:
        """One answer."""
        with self.lock:
            self.statuses[kind][status] += 1
            self.seconds[kind].append(seconds)


def event(index: str, item: str) -> dict[str, Any]:
    """Something that somebody did."""
    return {
        "application": index,
        "action_name": random.choice(("impression", "click", "add_to_cart", "purchase")),
        "client_id": str(uuid.uuid4()),
        "user_query": random.choice(WORDS),
        "timestamp": int(time.time() * 1000),
        "event_attributes": {"object": {"object_id": item}, "position": {"ordinal": 1}},
    }


def ask(client: httpx.Client, kind: str, index: str, items: list[str]) -> int:
    """One request of a kind; returns its status."""
    query = " ".join(random.sample(WORDS, 2)) + f" {random.randrange(100_000)}"
    session = {"X-Hybridrank-Session": f"soak-{random.randrange(200):06d}"}
    body: dict[str, Any] = {"index": index, "query": query, "size": 24}
    item = random.choice(items)
    if kind == "search":
        return client.post("/v1/search", json=body, headers=session).status_code
    if kind == "facets":
        body |= {"facets": ["brand", "category", "price"], "filters": {"price": {"gte": 1}}}
        return client.post("/v1/search", json=body, headers=session).status_code
    if kind == "page":
        first = client.post("/v1/search", json=body, headers=session)
        if first.status_code != 200:
            return first.status_code
        body |= {"from": 24, "query_id": first.json()["query_id"]}
        return client.post("/v1/search", json=body, headers=session).status_code
    if kind == "suggest":
        typed = random.choice(WORDS)[: random.randrange(1, 5)]
        return client.get("/v1/suggest", params={"q": typed, "index": index}, headers=session).status_code
    if kind == "events":
        batch = [event(index, random.choice(items)) for _ in range(5)]
        return client.post("/v1/events", json=batch, headers=session).status_code
    if kind == "recommend":
        return client.get("/v1/recommend", params={"item": item, "index": index}, headers=session).status_code
    if kind == "stream":
        with client.stream(
            "GET", "/v1/recommend/stream", params={"item": item, "index": index}, headers=session
        ) as one:
            for _ in one.iter_lines():
                break  # the first list has begun; the visitor leaves
            return one.status_code
    if kind == "rerank":
        return client.post("/v1/rerank", json={"query": query, "documents": ["a lamp", "a shoe"]}).status_code
    if kind == "embed":
        return client.post("/v1/embed", json={"texts": [query]}).status_code
    if kind == "profile":
        return client.get("/v1/profile", params={"index": index}, headers=session).status_code
    return client.post("/v1/search", content=b"[" * 100_000).status_code


@dataclass
class Sample:
    """One worker at one moment."""

    at: float
    pid: int
    mib: float
    threads: int
    descriptors: int


def sample(master: psutil.Process, started: float) -> list[Sample]:
    """All workers as they are."""
    found = []
    for worker in master.children():
        try:
            with worker.oneshot():
                mib = worker.memory_info().rss / 2**20
                found.append(
                    Sample(time.monotonic() - started, worker.pid, mib, worker.num_threads(), worker.num_fds())
                )
        except psutil.NoSuchProcess:
            continue  # it was being replaced
    return found


def growth(samples: list[Sample], what: str) -> dict[str, Any]:
    """Of each worker that lived long enough: the median of its second and of its last fifth of samples."""
    by_pid: dict[int, list[float]] = defaultdict(list)
    for one in samples:
        by_pid[one.pid].append(getattr(one, what))
    told = {}
    for pid, values in by_pid.items():
        part = len(values) // 5
        if part >= 2:
            early, late = statistics.median(values[part : 2 * part]), statistics.median(values[-part:])
            told[str(pid)] = {"early": round(early, 1), "late": round(late, 1), "highest": round(max(values), 1)}
    return told


def serve(index: str, workers: int) -> tuple[subprocess.Popen[bytes], str, Path]:
    """Start the service and wait until it can answer."""
    port = free_ports(1)[0]
    log = Path(f"soak-{port}.log").resolve()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--demo", "--port", str(port), "--workers", str(workers)],
            env={**SMALL, **os.environ, "HYBRIDRANK_INDEX": index},
            stderr=stream,
            stdout=stream,
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(url + "/readyz", timeout=30).status_code == 200:
                return process, url, log
        except httpx.TransportError:
            pass
        if process.poll() is not None:
            raise SystemExit(log.read_text())
        time.sleep(0.5)
    raise SystemExit("the service does not become ready")


def run(url: str, master: psutil.Process, given: argparse.Namespace) -> tuple[Tally, list[Sample], float]:
    """Ask at the given rate and take samples meanwhile; the third value is how far asking fell behind, in seconds."""
    tally, samples = Tally(), []
    kinds = random.Random(3).choices(list(MIX), list(MIX.values()), k=int(given.minutes * 60 * given.rate))
    with httpx.Client(base_url=url, timeout=120, limits=httpx.Limits(max_connections=32)) as client:
        listing = client.post("/v1/search", json={"index": given.index, "size": 100, "sort": "price:asc"}).json()
        items = [result["id"] for result in listing["results"]]

        def one(kind: str) -> None:
            began = time.perf_counter()
            try:
                status = str(ask(client, kind, given.index, items))
            except httpx.TransportError as error:
                status = type(error).__name__
            tally.note(kind, status, time.perf_counter() - began)

        started = time.monotonic()
        seen, behind = -EVERY_S, 0.0
        hangups = [len(kinds) // 3, 2 * len(kinds) // 3] if given.replace else []
        with ThreadPoolExecutor(24) as pool:
            for number, kind in enumerate(kinds):
                due = started + number / given.rate
                time.sleep(max(0.0, due - time.monotonic()))
                pool.submit(one, kind)
                if number in hangups:
                    master.send_signal(signal.SIGHUP)
                if time.monotonic() - started - seen >= EVERY_S:
                    seen = time.monotonic() - started
                    samples += sample(master, started)
            asked = time.monotonic()
        behind = time.monotonic() - asked
        time.sleep(15)  # streams and keep-alive connections end
        samples += sample(master, started)
    return tally, samples, behind


def plot(samples: list[Sample], file: Path) -> None:
    """Memory and descriptors of each worker over time."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 1, sharex=True, figsize=(7, 4.5), layout="constrained")
    for number, pid in enumerate(dict.fromkeys(one.pid for one in samples), 1):
        mine = [one for one in samples if one.pid == pid]
        minutes = [one.at / 60 for one in mine]
        axes[0].plot(minutes, [one.mib for one in mine], label=f"worker {number}")
        axes[1].plot(minutes, [one.descriptors for one in mine])
        axes[1].plot(minutes, [one.threads for one in mine], linestyle=":")
    axes[0].set(ylabel="resident MiB", ylim=(0, None))
    axes[1].set(ylabel="descriptors, threads (dotted)", xlabel="minutes", ylim=(0, None))
    axes[0].legend(fontsize="small")
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    """Run, judge and print; ends with 1 when an answer failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=4.0, help="requests a second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--replace", action="store_true", help="replace the workers twice by SIGHUP")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--samples", type=Path, help="write every sample here, as JSON")
    given = parser.parse_args()
    process, url, log = serve(given.index, given.workers)
    try:
        tally, samples, behind = run(url, psutil.Process(process.pid), given)
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(120)
    allowed = {"hostile": REFUSED}
    failed = {
        f"{kind} {status}": count
        for kind, statuses in tally.statuses.items()
        for status, count in statuses.items()
        if status != "200" and not (status.isdigit() and int(status) in allowed.get(kind, ()))
    }
    if given.plot:
        plot(samples, given.plot)
    if given.samples:
        given.samples.write_text(json.dumps([vars(one) for one in samples]))
    print(
        json.dumps(
            {
                "minutes": given.minutes,
                "requests": sum(sum(one.values()) for one in tally.statuses.values()),
                "statuses": {kind: dict(found) for kind, found in sorted(tally.statuses.items())},
                "failed": failed,
                "p50_ms": {
                    kind: round(1000 * statistics.median(found)) for kind, found in sorted(tally.seconds.items())
                },
                "last_answers_took_s": round(behind, 1),
                "resident_mib": growth(samples, "mib"),
                "threads": growth(samples, "threads"),
                "descriptors": growth(samples, "descriptors"),
                "exit_status": ended,
                "log_bytes": log.stat().st_size,
            },
            indent=2,
        )
    )
    if not log.stat().st_size or not failed:
        log.unlink()
    sys.exit(bool(failed) or ended != 0)


if __name__ == "__main__":
    main()
