"""``POST /v1/search`` beside the raw stock hybrid request, interleaved, query by query.

``python -m benchmarks.search URL --index esci --queries queries.tsv``: URL is a running service in demo mode;
OPENSEARCH_URL and HYBRIDRANK_HOME are the service's. The raw request gets its query vector for nothing; the service
encodes each query, gathers the candidates, ranks them and logs the query.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

from multimodal import load_text_encoder
from plugin.stock import search_ids
from ranker.qrels import read_queries
from service.engine import engine_from
from service.settings import Settings

WRITTEN = (str.lower, str.upper, str.title, str.capitalize)


def percentiles(values: list[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(values)
    return f"p50 {1000 * statistics.median(ordered):.1f} ms, p95 {1000 * ordered[int(0.95 * len(ordered))]:.1f} ms"


def main() -> None:
    """Print both latencies, their ratio, and how many answers were degraded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--index", required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2, choices=range(1, len(WRITTEN)))
    given = parser.parse_args()
    settings = Settings(index=given.index)
    texts = list(read_queries(given.queries).values())
    encoder = load_text_encoder(settings.text_encoder, settings.home)
    vectors = encoder.encode(texts, role="query")
    address = urlsplit(given.url)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=60)
    ours: list[float] = []
    stock: list[float] = []
    degraded = 0
    with engine_from(settings) as engine:
        for turn in range(given.rounds + 1):
            for number, text in enumerate(texts):
                start = time.perf_counter()
                search_ids(engine, given.index, "hybrid", text=text, text_vector=vectors[number], size=10)
                middle = time.perf_counter()
                # Written another way each round, so that no query's vector is remembered from the round before.
                body = json.dumps({"query": WRITTEN[turn](text), "index": given.index, "size": 10})
                connection.request("POST", "/v1/search", body, {"content-type": "application/json"})
                answer = json.loads(connection.getresponse().read())
                end = time.perf_counter()
                if turn > 0:
                    stock.append(middle - start)
                    ours.append(end - middle)
                    degraded += answer.get("degraded") is not None
    print(f"{os.cpu_count()} cores, {len(ours)} searches each, after a round of warming up")
    print(f"stock hybrid  {percentiles(stock)}")
    print(f"/v1/search    {percentiles(ours)}, {degraded} degraded")
    print(f"ratio of medians {statistics.median(ours) / statistics.median(stock):.1f}")


if __name__ == "__main__":
    main()
