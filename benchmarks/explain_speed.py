"""How long an explanation takes, and what searches cost beside it.

    python -m benchmarks.explain_speed URL --index esci --queries queries.tsv [--limit 30] [--rounds 5]

Asks one result of each query, place by place in turn. Then every query is searched alone and while one explanation
after the other runs beside it, in an order that a coin decides, so often as there are rounds. What the queries bring
has been asked before, so that neither has the advantage of what the other made the service remember.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
BEGUN_S = 0.05
"""How long an explanation has been running when the search beside it is sent."""
REST_S = 0.6
"""How long the last explanation is given to end before the next search."""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--index", default="products")
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    texts = [line.split("\t")[1] for line in chosen.queries.read_text("utf-8").splitlines()][: chosen.limit]
    searches = [{"query": text, "index": chosen.index, "size": 20} for text in texts]
    first = os.getloadavg()[0]
    with httpx.Client(base_url=chosen.url, timeout=60) as client:
        questions = []
        for place, body in enumerate(searches):
            results = client.post("/v1/search", json=body).json()["results"]
            if results:
                found = results[min(place % 10, len(results) - 1)]["id"]
                questions.append({"query": body["query"], "index": chosen.index, "id": found})
        _print("explain one result", [_timed(client, "/v1/explain", body) for body in questions])
        taken = _beside(client, chosen.url, searches, questions, chosen.rounds)
    for column, name in enumerate(("search alone", "search while one is explained")):
        _print(name, taken[:, :, column].ravel())
    median, late = _ratios(taken)
    print(f"times as long beside an explanation: median {median}, p95 {late}")
    print(f"load {first:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores")


def _beside(
    client: httpx.Client,
    url: str,
    searches: Sequence[dict[str, object]],
    questions: list[dict[str, object]],
    rounds: int,
) -> NDArray[np.float64]:
    """Milliseconds, shape (searches, rounds, 2): alone, and beside explanations."""
    taken = np.zeros((len(searches), rounds, 2))
    dice = random.Random(7)
    busy, ended = threading.Event(), threading.Event()
    other = threading.Thread(target=_explain_always, args=(url, questions, busy, ended))
    other.start()
    try:
        for turn in range(rounds):
            for number, body in enumerate(searches):
                for column in dice.sample((0, 1), 2):
                    if column:
                        busy.set()
                        time.sleep(BEGUN_S)
                    taken[number, turn, column] = _timed(client, "/v1/search", body)
                    busy.clear()
                    if column:
                        time.sleep(REST_S)
    finally:
        ended.set()
        busy.set()
        other.join()
    return taken


def _ratios(taken: NDArray[np.float64]) -> tuple[str, str]:
    """Median and 95th percentile beside over alone, each with its 95 % interval, queries resampled."""
    dice = np.random.default_rng(7)

    def of(rows: NDArray[np.float64]) -> list[float]:
        return [float(np.quantile(rows[:, :, 1], part) / np.quantile(rows[:, :, 0], part)) for part in (0.5, 0.95)]

    drawn = np.array([of(taken[dice.integers(0, len(taken), len(taken))]) for _ in range(DRAWS)])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    median, late = (f"{value:.2f} ({low[n]:.2f} to {high[n]:.2f})" for n, value in enumerate(of(taken)))
    return median, late


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


def _print(name: str, taken: Sequence[float] | NDArray[np.float64]) -> None:
    middle, late = np.quantile(taken, (0.5, 0.95))
    print(f"{name}: median {middle:.0f} ms, p95 {late:.0f} ms, n {len(taken)}")


if __name__ == "__main__":
    main()
