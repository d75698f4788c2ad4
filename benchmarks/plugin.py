"""Search through the plugin beside the service's own answer, the stock ml-commons way, and the raw hybrid request.

``python -m benchmarks.plugin URL --index esci --queries queries.tsv [--clients 1 4 16] [--stock]``: URL is a running
service in demo mode; OPENSEARCH_URL is an engine whose plugin finds that service, full and with ``install --stock`` for
``--stock``. All ways are asked for the same query one after the other, by each client, so that what else the machine
does falls on all of them alike. The raw request gets its query vector for nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from multimodal import load_text_encoder
from plugin.lexical import FIELDS
from plugin.names import PLUGIN
from plugin.stock import stock_search
from plugin.stock_rerank import PIPELINE_STOCK
from ranker.qrels import read_queries
from service.engine import cluster_of
from service.settings import Settings

SIZE = 10
Way = Callable[[httpx.Client, int, int], None]


class Ways:
    """The ways to ask one query, each in letters of its own, so that none finds another's vector remembered."""

    def __init__(self, settings: Settings, service: str, texts: list[str], *, stock: bool) -> None:
        self._service, self._engine = service, cluster_of(settings).shown
        self._index, self._texts = settings.index, texts
        self._vectors = load_text_encoder(settings.text_encoder, settings.home).encode(texts, role="query")
        self.degraded = 0
        self.ways: dict[str, Way] = {"raw hybrid": self.raw, "/v1/search": self.direct, "plugin": self.plugin}
        if stock:
            self.ways[f"ml-commons over the best {SIZE}"] = lambda c, q, r: self.reranked(c, q, r, SIZE)
            self.ways["ml-commons over the best 50"] = lambda c, q, r: self.reranked(c, q, r, 50)

    def _search(self, client: httpx.Client, body: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        answer = client.post(f"{self._engine}/{self._index}/_search", json=body, params=params)
        answer.raise_for_status()
        return dict(answer.json())

    def raw(self, client: httpx.Client, query: int, turn: int) -> None:
        body, params = stock_search("hybrid", text=self._texts[query], text_vector=self._vectors[query], size=SIZE)
        self._search(client, {**body, "_source": {"excludes": ["*_vector"]}}, params)

    def direct(self, client: httpx.Client, query: int, turn: int) -> None:
        body = {"query": (str.upper, str.title)[turn % 2](self._texts[query]), "index": self._index, "size": SIZE}
        answer = client.post(f"{self._service}/v1/search", json=body)
        answer.raise_for_status()
        self.degraded += "degraded" in answer.json()

    def plugin(self, client: httpx.Client, query: int, turn: int) -> None:
        text = (str.lower, str.capitalize)[turn % 2](self._texts[query])
        words = {"query": text, "fields": list(FIELDS), "type": "cross_fields"}
        answer = self._search(client, {"query": {"multi_match": words}, "size": SIZE}, {"search_pipeline": PLUGIN})
        self.degraded += "degraded" in answer["ext"]["hybridrank"]

    def reranked(self, client: httpx.Client, query: int, turn: int, size: int) -> None:
        text = self._texts[query]
        body, _ = stock_search("hybrid", text=text, text_vector=self._vectors[query], size=size)
        body |= {"_source": {"excludes": ["*_vector"]}, "ext": {"rerank": {"query_context": {"query_text": text}}}}
        self._search(client, body, {"search_pipeline": PIPELINE_STOCK})


def measure(ways: Ways, texts: int, clients: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each request, by way; each client asks its own part of the queries."""
    times: dict[str, list[float]] = {name: [] for name in ways.ways}

    def ask(number: int) -> None:
        with httpx.Client(timeout=300) as client:
            for turn in range(rounds):
                for query in range(number, texts, clients):
                    for name, way in ways.ways.items():
                        started = time.perf_counter()
                        way(client, query, turn)
                        times[name].append(time.perf_counter() - started)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients)))
    return times


def main() -> None:
    """Print a table a number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--index", required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=int, default=95)
    parser.add_argument("--stock", action="store_true")
    given = parser.parse_args()
    settings = Settings(index=given.index)
    texts = list(read_queries(given.queries).values())[: given.limit]
    ways = Ways(settings, given.url, texts, stock=given.stock)
    measure(ways, min(5, len(texts)), 1, 1)
    print(f"{os.cpu_count()} cores, {len(texts)} queries, {given.rounds} rounds")
    for clients in given.clients:
        ways.degraded = 0
        times = measure(ways, len(texts), clients, given.rounds)
        print(f"\n{clients} clients, {ways.degraded} degraded")
        for name, values in times.items():
            ordered = sorted(values)
            half, most = statistics.median(ordered), ordered[int(0.95 * len(ordered))]
            print(f"  {name:28} p50 {1000 * half:8.1f} ms   p95 {1000 * most:8.1f} ms")
        over = [1000 * (mine - its) for mine, its in zip(times["plugin"], times["/v1/search"], strict=True)]
        if clients == 1:
            print(f"  plugin less /v1/search, query by query: median {statistics.median(over):.1f} ms")


if __name__ == "__main__":
    main()
