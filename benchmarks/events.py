"""How fast events are taken in, and how soon the next search uses them.

``python -m benchmarks.events URL`` against a running ``hybridrank serve --demo`` over a catalogue (it writes events
into it). Prints JSON. The effect is looked for in the signal of the item, in a search that begins as soon as the event
is accepted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

QUERY = "gift"


def event(index: str, item: str) -> dict[str, Any]:
    """A click by somebody new."""
    return {
        "application": index,
        "action_name": "click",
        "event_id": str(uuid.uuid4()),
        "client_id": str(uuid.uuid4()),
        "user_query": QUERY,
        "timestamp": int(time.time() * 1000),
        "event_attributes": {"object": {"object_id": item}, "position": {"ordinal": 1}},
    }


def signal(client: httpx.Client, index: str, item: str) -> float:
    """What a search says of the item; an item that nobody knows is taken for the mean."""
    body = {"index": index, "query": QUERY, "size": 1, "filters": {"id": item}}
    answer = client.post("/v1/search", json=body)
    answer.raise_for_status()
    found = answer.json()
    if found.get("degraded") == "behaviour":
        raise SystemExit("the search had to do without behaviour: raise HYBRIDRANK_BEHAVIOUR_BUDGET_MS")
    return float(found["results"][0]["signals"].get("behaviour", 0.5))


def effects(client: httpx.Client, index: str, items: list[str], tries: int) -> dict[str, float]:
    """From the answer "accepted" to the answer of the first search that uses the event, in milliseconds."""
    waits: list[float] = []
    first = 0
    for _, item in zip(range(tries), itertools.cycle(items), strict=False):
        before = signal(client, index, item)
        client.post("/v1/events", json=event(index, item)).raise_for_status()
        accepted = time.perf_counter()
        searches = 1
        while signal(client, index, item) <= before:
            searches += 1
        waits.append((time.perf_counter() - accepted) * 1000)
        first += searches == 1
    waits.sort()
    return {
        "tries": tries,
        "used_by_the_first_search": first,
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p99_ms": round(waits[min(len(waits) - 1, int(len(waits) * 0.99))], 1),
        "worst_ms": round(waits[-1], 1),
    }


def throughput(client: httpx.Client, index: str, items: list[str], size: int, *, seconds: float, threads: int) -> float:
    """Events a second, sent in lists of ``size`` by several clients at once."""
    until = time.perf_counter() + seconds

    def send(number: int) -> int:
        sent = 0
        turn = itertools.cycle(items[number:] + items[:number])
        while time.perf_counter() < until:
            batch = [event(index, next(turn)) for _ in range(size)]
            answer = client.post("/v1/events", json=batch)
            answer.raise_for_status()
            sent += answer.json()["accepted"]
        return sent

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(send, range(threads)))
    return round(total / (time.perf_counter() - started), 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--index", default="products")
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    with httpx.Client(base_url=given.url, timeout=60) as client:
        listing = client.post("/v1/search", json={"index": given.index, "size": 100, "sort": "price:asc"}).json()
        items = [result["id"] for result in listing["results"]]
        found: dict[str, Any] = {"effect": effects(client, given.index, items, given.tries)}
        for size in (1, 10, 100):
            rate = throughput(client, given.index, items, size, seconds=given.seconds, threads=given.threads)
            found[f"events_per_second_in_lists_of_{size}"] = rate
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
