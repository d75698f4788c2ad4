"""The local node is a real OpenSearch with what the product needs."""

from __future__ import annotations

import pytest
from opensearchpy import OpenSearch

pytestmark = pytest.mark.engine


def test_session_node_is_the_version_that_the_product_is_made_for(engine_url: str) -> None:
    with OpenSearch(engine_url, timeout=60) as client:
        assert client.info()["version"]["number"] == "2.19.1"


def test_knn_and_hybrid_queries_are_answered(engine_url: str) -> None:
    vector = {"type": "knn_vector", "dimension": 2, "method": {"name": "hnsw", "engine": "lucene"}}
    with OpenSearch(engine_url, timeout=60) as client:
        client.indices.create(
            index="local-node-knn",
            body={
                "settings": {"index.knn": True},
                "mappings": {"properties": {"title": {"type": "text"}, "v": vector}},
            },
        )
        try:
            for number, (title, v) in enumerate([("red shoe", [1.0, 0.0]), ("blue shoe", [0.0, 1.0])]):
                client.index(index="local-node-knn", id=str(number), body={"title": title, "v": v}, refresh=True)
            knn = {"knn": {"v": {"vector": [0.1, 1.0], "k": 1}}}
            answer = client.search(
                index="local-node-knn", body={"query": {"hybrid": {"queries": [{"match": {"title": "red"}}, knn]}}}
            )
            assert {hit["_id"] for hit in answer["hits"]["hits"]} == {"0", "1"}
        finally:
            client.indices.delete(index="local-node-knn")
