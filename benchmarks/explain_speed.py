"""How long an explanation takes, and what searches cost beside it.

    python -m benchmarks.explain_speed URL --index esci --queries queries.tsv [--limit 30]

Asks one result of each query, place by place in turn; then the same searches alone and with explanations running
beside them, interleaved query by query.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from itertools import cycle
from pathlib import Path

import httpx


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--index", default="products")
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=30)
    chosen = parser.parse_args()
    texts = [line.split("\t")[1] for line in chosen.queries.read_text("utf-8").splitlines()][: chosen.limit]
    with httpx.Client(base_url=chosen.url, timeout=60) as client:
        bodies = []
        for place, text in enumerate(texts):
            body = {"query": text, "index": chosen.index, "size": 20}
            results = client.post("/v1/search", json=body).json()["results"]
            if results:
                found = results[min(place % 10, len(results) - 1)]["id"]
                bodies.append({"query": text, "index": chosen.index, "id": found})
        took = [_timed(client, "/v1/explain", body) for body in bodies]
        _print("explain one result", took)
        alone, beside = [], []
        busy = threading.Event()
        ended = threading.Event()
        other = threading.Thread(target=_explain_always, args=(chosen.url, bodies, busy, ended))
        other.start()
        for text in texts:
            body = {"query": text, "index": chosen.index, "size": 20}
            alone.append(_timed(client, "/v1/search", body))
            busy.set()
            time.sleep(0.05)
            beside.append(_timed(client, "/v1/search", body))
            busy.clear()
            time.sleep(0.6)
        ended.set()
        busy.set()
        other.join()
    _print("search alone", alone)
    _print("search while one is explained", beside)
    print(f"ratio of medians {statistics.median(beside) / statistics.median(alone):.2f}")


def _timed(client: httpx.Client, path: str, body: dict[str, object]) -> float:
    started = time.perf_counter()
    client.post(path, json=body).raise_for_status()
    return (time.perf_counter() - started) * 1000


def _explain_always(url: str, bodies: list[dict[str, object]], busy: threading.Event, ended: threading.Event) -> None:
    with httpx.Client(base_url=url, timeout=60) as client:
        for body in cycle(bodies):
            busy.wait()
            if ended.is_set():
                return
            client.post("/v1/explain", json=body).raise_for_status()


def _print(name: str, took: list[float]) -> None:
    took = sorted(took)
    late = took[int(0.95 * (len(took) - 1))]
    print(f"{name}: median {statistics.median(took):.0f} ms, p95 {late:.0f} ms, n {len(took)}")


if __name__ == "__main__":
    main()
