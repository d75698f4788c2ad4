"""``POST /v1/search`` beside the raw stock hybrid request, interleaved, query by query.

``python -m benchmarks.search --index esci --queries queries.tsv [--depth 4 1] [--model FOLDER] [--rounds 3]`` prints
the table. OPENSEARCH_URL and HYBRIDRANK_HOME are those of the catalogue; for each depth a service of one worker is
started anew, so that it remembers nothing. The raw request gets its query vector for nothing; the service encodes each
query, gathers the candidates, ranks them and logs the query.

- ``cold``: the first round of a worker that has answered one other query, so that its models are loaded.
- ``warm``: later rounds. Products are remembered; each query is written in another way, so that neither its vector nor
  a reading of it is.
- ``repeated``: the round before once more, letter by letter.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import httpx

from multimodal import load_text_encoder
from plugin.client import Engine
from plugin.query import Vector
from plugin.stock import search_ids
from ranker.folder import READ
from ranker.qrels import read_queries
from service.engine import engine_from
from service.settings import Settings

from .rows import Row, quantile
from .served import served

WRITTEN = (str.lower, str.upper, str.title, str.capitalize, str.swapcase)
STATES = ("cold", "warm", "repeated")
ROUNDS = len(WRITTEN) - 1


@dataclass(frozen=True, slots=True)
class Queries:
    """What is asked, with the vectors that the stock request gets for nothing."""

    texts: Sequence[str]
    vectors: Sequence[Vector]

    @classmethod
    def of(cls, texts: Sequence[str], settings: Settings) -> Queries:
        """Encode texts as the service does."""
        encoder = load_text_encoder(settings.text_encoder, settings.home)
        return cls(texts, list(encoder.encode(texts, role="query")))


@dataclass
class Times:
    """Seconds of each request, ours and the stock one before it, one list a round, by state."""

    ours: dict[str, list[list[float]]] = field(default_factory=lambda: {state: [] for state in STATES})
    stock: dict[str, list[list[float]]] = field(default_factory=lambda: {state: [] for state in STATES})
    degraded: int = 0
    resident: list[float] = field(default_factory=list)
    """MiB of the worker after each round."""


def measure(engine: Engine, index: str, queries: Queries, rounds: int, env: Mapping[str, str]) -> Times:
    """Ask a fresh service each query, the stock request beside it, cold, then warm, then once more."""
    found = Times()
    # A connection that the service closed while the machine was busy is opened again.
    transport = httpx.HTTPTransport(retries=1)
    with served(index, environment=env) as (url, master), httpx.Client(transport=transport, timeout=120) as client:

        def ask(text: str) -> bool:
            answer = client.post(f"{url}/v1/search", json={"query": text, "index": index, "size": 10})
            answer.raise_for_status()
            return answer.json().get("degraded") is not None

        ask("something that nobody asks for")
        turns = [("cold", 0), *(("warm", turn) for turn in range(1, rounds + 1)), ("repeated", rounds)]
        for state, turn in turns:
            ours: list[float] = []
            stock: list[float] = []
            for text, vector in zip(queries.texts, queries.vectors, strict=True):
                start = time.perf_counter()
                search_ids(engine, index, "hybrid", text=text, text_vector=vector, size=10)
                middle = time.perf_counter()
                found.degraded += ask(WRITTEN[turn](text))
                stock.append(middle - start)
                ours.append(time.perf_counter() - middle)
            found.ours[state].append(ours)
            found.stock[state].append(stock)
            found.resident.append(master.children()[0].memory_info().rss / 2**20)
    return found


def rows(engine: Engine, index: str, queries: Queries, rounds: int) -> list[Row]:
    """The page's rows of searches, and of what a worker holds after them."""
    times = measure(engine, index, queries, min(rounds, ROUNDS), {})
    name = f"/v1/search, reading {Settings().rerank_depth or READ}"
    told = f"; {times.degraded} answers degraded" if times.degraded else ""
    held = Row("memory", "MiB", {"a serving worker, resident": times.resident}, "after each round of searches")
    return [*(_row(name, times, state, told) for state in STATES), held]


def _row(name: str, times: Times, state: str, told: str) -> Row:
    """Medians of each round in milliseconds."""
    stock, ours = (
        [1000 * statistics.median(one) for one in rounds] for rounds in (times.stock[state], times.ours[state])
    )
    about = {"cold": "a worker that remembers nothing", "warm": "products remembered, each query new"}
    values = {"raw stock hybrid": stock, name: ours}
    return Row(f"search, {state}", "ms", values, about.get(state, "the same again") + told)


def quantiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95 and p99 in milliseconds."""
    p50, p95, p99 = (1000 * quantile(seconds, part) for part in (0.5, 0.95, 0.99))
    return p50, p95, p99


def interval(ours: Sequence[float], stock: Sequence[float], draws: int = 1000) -> str:
    """The ratio of the medians with its 95 % interval, resampling queries."""
    dice, places = random.Random(1), range(len(ours))
    ratios = []
    for _ in range(draws):
        drawn = dice.choices(places, k=len(places))
        ratios.append(statistics.median(ours[at] for at in drawn) / statistics.median(stock[at] for at in drawn))
    ratios.sort()
    low, high = ratios[int(0.025 * draws)], ratios[int(0.975 * draws)]
    return f"{statistics.median(ours) / statistics.median(stock):.1f} ({low:.1f} to {high:.1f})"


def table(name: str, times: Times) -> list[str]:
    """Lines of the table, one a state for ours and one for the stock requests beside it."""
    lines = []
    for state in STATES:
        ours, stock = ([*chain(*rounds)] for rounds in (times.ours[state], times.stock[state]))
        for way, values in (("raw stock hybrid", stock), (name, ours)):
            p50, p95, p99 = quantiles(values)
            told = interval(ours, stock) if way == name else ""
            tail = f"{p99 / p50:.1f}"
            lines.append(f"| {state} | {way} | {len(values)} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {tail} | {told} |")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--depth", type=int, nargs="+", default=[Settings().rerank_depth or READ])
    parser.add_argument("--model", help="a model folder; the one that ships where none is named")
    parser.add_argument("--rounds", type=int, default=2, choices=range(1, ROUNDS + 1))
    parser.add_argument("--limit", type=int, default=1000, help="queries")
    given = parser.parse_args()
    settings = Settings(index=given.index)
    queries = Queries.of(list(read_queries(given.queries).values())[: given.limit], settings)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(queries.texts)} queries, milliseconds")
    print("| state | way | n | p50 | p95 | p99 | p99 / p50 | ratio of p50 (95 %) |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with engine_from(settings) as engine:
        for depth in given.depth:
            model = {} if given.model is None else {"HYBRIDRANK_MODEL": given.model}
            env = {"HYBRIDRANK_RERANK_DEPTH": str(depth), **model}
            times = measure(engine, given.index, queries, given.rounds, env)
            print("\n".join(table(f"/v1/search, reading {depth}", times)), flush=True)
            if times.degraded:
                print(f"{times.degraded} answers were degraded")
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
