"""The plugin's order beside the service's: all ESCI queries with random filters, several shards, three nodes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from plugin import catalogue
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from ranker.qrels import read_queries
from service.parts import Parts
from service.schemas.search import SearchBody
from service.settings import Settings
from tests.fixtures_engine import add_plugin
from tests.fixtures_service import Running, settings_of, start_service

from .door import Door

ESCI = Path(__file__).parents[3] / "shared" / "data" / "esci"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.shared,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not ESCI.is_dir(), reason=f"no data at {ESCI}"),
]

FILTERS: list[dict[str, Any]] = [
    {},
    {"price": {"gte": 5, "lt": 60}},
    {"rating": {"gte": 4.2}},
    {"rating_count": {"gte": 50}},
    {"color": ["Black", "White", "Blue"]},
    {"rating": {"gte": 4}, "price": {"lt": 100}},
]


@dataclass
class Pair:
    """A cluster with the plugin, and the service that it asks."""

    url: str
    service: Running
    home: Path
    parts: Parts | None = None

    def orders(self, index: str, query: str, filters: dict[str, Any]) -> tuple[list[str], list[str]]:
        """Ids as ``/v1/search`` gives them, and as the body that ``search --show-query`` prints does."""
        asked = {"query": query, "filters": filters, "size": 50, "index": index}
        direct = httpx.post(self.service.url + "/v1/search", json=asked, timeout=300).json()
        if self.parts is None:
            self.parts = Parts(Settings(home=self.home, opensearch_url=self.url, opensearch_timeout_s=120))
        body = self.parts.search.engine_body(SearchBody.model_validate(asked))
        params = {"search_pipeline": "hybridrank"}
        piped = httpx.post(f"{self.url}/{index}/_search", params=params, json=body, timeout=300).json()
        assert "degraded" not in direct, direct["degraded"]
        assert "degraded" not in piped["ext"]["hybridrank"], piped["ext"]
        there = [result["id"] for result in direct["results"]]
        return there, [hit["_id"] for hit in piped["hits"]["hits"]][: len(there)]

    def many_shards(self, name: str, of: str, shards: int) -> None:
        """The same catalogue once more, in several shards."""
        with Engine(ClusterConfig(self.url, timeout_s=300)) as engine:
            found = catalogue.lookup(engine, of)
            index = catalogue.create_generation(
                engine, name, language=found.language, text_encoder=found.text_encoder, shards=shards
            )
            moved = {"source": {"index": found.index}, "dest": {"index": index}}
            engine.request("POST", "/_reindex", moved, params={"refresh": "true"}, timeout_s=300)
            catalogue.publish(engine, index)


@pytest.fixture(scope="module", params=[1, 3], ids=["one-node", "three-nodes"])
def pair(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine_downloads: Path,
    service_home: Path,
) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("identity")
    cluster = LocalCluster(home, downloads=engine_downloads)
    with Door() as door:
        add_plugin(home, door.url)
        try:
            started = cluster.start(port=free_ports(1)[0], nodes=request.param, java_home=Settings().java_home)
            environment = settings_of(started.url, service_home) | {"HYBRIDRANK_RERANK_DEPTH": "10"}
            products = str(ESCI / "products.jsonl.gz")
            command = [sys.executable, "-m", "service", "index", products, "--index", "esci"]
            subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
            service = start_service(home, "--demo", **environment)
            door.target = service.url
            made = Pair(started.url, service, service_home)
            made.many_shards("esci-shards", "esci", 3)
            yield made
            service.stop()
        finally:
            cluster.remove()


@pytest.mark.parametrize("index", ["esci", "esci-shards"])
def test_all_queries_come_in_the_same_order(pair: Pair, index: str) -> None:
    chance = random.Random(5)
    shared: list[float] = []
    whole = 0
    queries = list(read_queries(ESCI / "queries.tsv").values())
    for query in queries:
        there, here = pair.orders(index, query, chance.choice(FILTERS))
        shared.append(len(set(there[:10]) & set(here[:10])) / max(1, len(there[:10])))
        whole += there == here
    # Copies of a shard on another node have graphs of their own, so that a neighbour may be found on one alone.
    assert sum(shared) / len(shared) >= 0.98
    if index == "esci" and pair.url and len(httpx.get(f"{pair.url}/_nodes", timeout=60).json()["nodes"]) == 1:
        assert whole == len(queries)
