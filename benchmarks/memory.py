"""Whether a worker's memory grows: thousands of mixed requests, its resident memory beside them.

``python -m benchmarks.memory URL --pid MASTER [--requests 10000]`` against a running ``hybridrank serve --demo`` (one
worker; start it with a small ``HYBRIDRANK_RERANK_DEPTH``, for what is measured is memory). Of ten requests three
search by text, one browses with facets, one reads a later page, two send events, one reranks texts, one encodes, one is
hostile. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil

WORDS = ("lamp", "shoes", "tent", "coffee", "garden", "blue", "wood", "winter", "desk", "gift", "running", "silver")


def event(item: str) -> dict[str, Any]:
    """Something that somebody new did."""
    return {
        "action_name": random.choice(("impression", "click", "add_to_cart", "purchase")),
        "client_id": str(uuid.uuid4()),
        "user_query": random.choice(WORDS),
        "timestamp": int(time.time() * 1000),
        "event_attributes": {"object": {"object_id": item}, "position": {"ordinal": 1}},
    }


def send(client: httpx.Client, kind: int, items: list[str]) -> int:
    """One request; returns its status."""
    query = " ".join(random.sample(WORDS, 3)) + f" {random.randrange(1000)}"
    if kind < 3:
        return client.post("/v1/search", json={"query": query, "size": 24}).status_code
    if kind == 3:
        return client.post("/v1/search", json={"size": 24, "facets": ["brand", "category", "price"]}).status_code
    if kind == 4:
        first = client.post("/v1/search", json={"query": query, "size": 5}).json()
        body = {"query": query, "size": 5, "from": 5, "query_id": first["query_id"]}
        return client.post("/v1/search", json=body).status_code
    if kind < 7:
        return client.post("/v1/events", json=[event(random.choice(items)) for _ in range(5)]).status_code
    if kind == 7:
        return client.post("/v1/rerank", json={"query": query, "documents": ["a lamp", "a shoe"]}).status_code
    if kind == 8:
        return client.post("/v1/embed", json={"texts": [query]}).status_code
    return client.post("/v1/search", content=b"[" * 100_000).status_code


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--pid", type=int, required=True, help="Of the master; its child is the worker.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    (worker,) = psutil.Process(given.pid).children()
    statuses: dict[int, int] = {}
    memory: list[float] = []
    lock = threading.Lock()
    done = 0
    with httpx.Client(base_url=given.url, timeout=300) as client:
        listing = client.post("/v1/search", json={"size": 100, "sort": "price:asc"}).json()
        items = [result["id"] for result in listing["results"]]

        def one(number: int) -> None:
            nonlocal done
            status = send(client, number % 10, items)
            with lock:
                statuses[status] = statuses.get(status, 0) + 1
                done += 1
                if done % (given.requests // 20) == 0:
                    memory.append(round(worker.memory_info().rss / 2**20, 1))

        with ThreadPoolExecutor(given.threads) as pool:
            list(pool.map(one, range(given.requests)))
    alive = worker.is_running()
    print(json.dumps({"requests": done, "statuses": statuses, "resident_mib": memory, "same_worker": alive}, indent=2))


if __name__ == "__main__":
    main()
