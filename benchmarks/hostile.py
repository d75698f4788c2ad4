"""How long refusals take: hostile calls, one after another and between ordinary ones.

``python -m benchmarks.hostile URL [--calls 1000]`` against a running ``hybridrank serve --demo``. Prints JSON. Every
answer has to be a problem with a 4xx status, and the service has to be alive afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from typing import Any

import httpx

Case = tuple[str, str, str, dict[str, Any]]


def cases() -> list[Case]:
    """(name, method, path, httpx's arguments) each."""
    post = "/v1/search"
    deep = b"[" * 200_000
    return [
        ("broken JSON", "POST", post, {"content": b'{"query": '}),
        ("NaN", "POST", post, {"content": b'{"query": NaN}'}),
        ("200,000 brackets", "POST", post, {"content": deep}),
        ("200,000 objects", "POST", "/v1/events", {"content": b'{"a":' * 200_000}),
        ("lone surrogate", "POST", post, {"content": b'{"query": "\\ud800"}'}),
        ("no UTF-8", "POST", post, {"content": b'{"query": "\xff"}'}),
        ("query of 100,000 characters", "POST", post, {"json": {"query": "a" * 100_000}}),
        ("20,000 documents", "POST", "/v1/rerank", {"json": {"query": "a", "documents": ["a"] * 20_000}}),
        ("unknown field", "POST", post, {"json": {"query": "a", "surprise": 1}}),
        ("index _all", "POST", post, {"json": {"index": "_all"}}),
        ("index ../", "POST", post, {"json": {"index": "../"}}),
        ("size 10^9", "POST", post, {"json": {"size": 10**9}}),
        ("object for text", "POST", post, {"json": {"query": {"match_all": {}}}}),
        ("text for number", "POST", post, {"json": {"size": "10"}}),
        ("empty query", "POST", "/v1/rerank", {"json": {"query": "", "documents": ["a"]}}),
        ("1,001 events", "POST", "/v1/events", {"json": [{}] * 1001}),
        ("forged person", "POST", post, {"json": {}, "headers": {"X-Hybridrank-Person": "a.b.c"}}),
        ("5 MB", "POST", post, {"content": b"a" * 5_000_000}),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--big", type=int, default=3, help="Bodies of 100 MB, beside the calls.")
    given = parser.parse_args()
    taken: dict[str, list[float]] = {}
    with httpx.Client(base_url=given.url, timeout=120) as client:
        turn = itertools.islice(itertools.cycle(cases()), given.calls)
        big = [("100 MB", "POST", "/v1/search", {"content": b"a" * 100_000_000})] * given.big
        for name, method, path, arguments in itertools.chain(turn, big):
            started = time.perf_counter()
            answer = client.request(method, path, **arguments)
            taken.setdefault(name, []).append((time.perf_counter() - started) * 1000)
            if not 400 <= answer.status_code < 500:
                raise SystemExit(f"{name} was answered with {answer.status_code}")
        alive = client.get("/healthz").status_code == 200
    times = sorted(value for name, values in taken.items() if name != "100 MB" for value in values)
    slowest = max((name for name in taken if name != "100 MB"), key=lambda name: max(taken[name]))
    found = {
        "calls": len(times),
        "p50_ms": round(times[len(times) // 2], 1),
        "p99_ms": round(times[int(len(times) * 0.99)], 1),
        "slowest_ms": round(times[-1], 1),
        "slowest": slowest,
        "body_of_100_mb_ms": round(max(taken["100 MB"]), 1),
        "alive": alive,
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
