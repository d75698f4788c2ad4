"""From an accepted event to the new list on an open stream, and where making the list takes its time.

    hybridrank serve --demo --port 8000          (with a catalogue and what was learnt for it)
    python -m benchmarks.event_to_list http://127.0.0.1:8000 [--events 50] [--index NAME]

One visit clicks on what the list offers, a second apart. The first events warm the worker up and are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import threading
import time
import uuid
from typing import Any

import httpx
import numpy as np

WARM = 5
WAIT_S = 120.0


def followed(url: str, headers: dict[str, str], params: dict[str, Any]) -> queue.Queue[tuple[float, dict[str, Any]]]:
    """Lists as they come, with the moment of each."""
    lists: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()

    def read() -> None:
        timeout = httpx.Timeout(WAIT_S)
        with httpx.stream("GET", f"{url}/v1/recommend/stream", params=params, headers=headers, timeout=timeout) as got:
            kind = ""
            for line in got.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "recommendations":
                    lists.put((time.perf_counter(), json.loads(value)))

    threading.Thread(target=read, daemon=True).start()
    return lists


def stages(url: str) -> dict[str, tuple[float, float]]:
    """Seconds and calls of each stage so far, over all workers."""
    found: dict[str, list[float]] = {}
    for line in httpx.get(f"{url}/metrics", timeout=WAIT_S).text.splitlines():
        for place, kind in enumerate(("sum", "count")):
            if line.startswith(f"hybridrank_stage_seconds_{kind}{{"):
                name = line.split('stage="', 1)[1].split('"', 1)[0]
                found.setdefault(name, [0.0, 0.0])[place] += float(line.rsplit(" ", 1)[1])
    return {name: (seconds, calls) for name, (seconds, calls) in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--index")
    given = parser.parse_args()
    where = {"index": given.index} if given.index else {}
    headers = {"X-Hybridrank-Session": f"benchmark-{uuid.uuid4().hex}"}
    body = {"query": "shoes", "size": 1, **where}
    found = httpx.post(f"{given.url}/v1/search", json=body, timeout=WAIT_S).json()["results"]
    if not found:
        raise SystemExit("the catalogue has no shoes to begin with")
    lists = followed(given.url, headers, {"item": found[0]["id"], **where})
    shown = lists.get(timeout=WAIT_S)[1]
    waits, making, posts = [], [], []
    before: dict[str, tuple[float, float]] = {}
    for number in range(WARM + given.events):
        if number == WARM:
            before = stages(given.url)
        item = shown["recommendations"][number % len(shown["recommendations"])]["id"]
        event = {
            "action_name": "click",
            "event_id": uuid.uuid4().hex,
            "timestamp": int(time.time() * 1000),
            "event_attributes": {"object": {"object_id": item}},
            **({"application": given.index} if given.index else {}),
        }
        begun = time.perf_counter()
        answer = httpx.post(f"{given.url}/v1/events", json=event, headers=headers, timeout=WAIT_S)
        accepted = time.perf_counter()
        if answer.json().get("accepted") != 1:
            raise SystemExit(f"the event was not taken: {answer.text}")
        came, shown = lists.get(timeout=WAIT_S)
        if number >= WARM:
            waits.append(came - accepted)
            posts.append(accepted - begun)
            making.append(shown["took_ms"] / 1000)
        time.sleep(1.0)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.events} events\n")
    print("| | p50, s | p95, s | p99, s |\n| --- | --- | --- | --- |")
    rows = (
        ("event to its answer", posts),
        ("accepted event to the new list", waits),
        ("of it making the list", making),
    )
    for name, values in rows:
        cells = " | ".join(f"{value:.3f}" for value in np.percentile(values, [50, 95, 99]))
        print(f"| {name} | {cells} |")
    print("\n| stage | ms a call | calls |\n| --- | --- | --- |")
    for name, (seconds, calls) in sorted(stages(given.url).items(), key=lambda one: -one[1][0]):
        old = before.get(name, (0.0, 0.0))
        if calls > old[1]:
            print(f"| {name} | {1000 * (seconds - old[0]) / (calls - old[1]):.1f} | {calls - old[1]:.0f} |")


if __name__ == "__main__":
    main()
