"""Search end to end: a gunicorn process, the sample catalogue, a real OpenSearch, the shipped model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import httpx
import pytest

from tests.fixtures_service import INDEX, Running, settings_of, start_service

pytestmark = pytest.mark.engine


def search(service: Running, **body: object) -> dict:
    answer = httpx.post(service.url + "/v1/search", json=body, timeout=90)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_query_comes_back_reranked_with_every_signal(service):
    found = search(service, query="insulated coffee press", size=10)
    assert "degraded" not in found
    assert found["took_ms"] > 0
    results = found["results"]
    assert [result["rank"] for result in results] == list(range(1, 11))
    assert [result["score"] for result in results] == sorted((result["score"] for result in results), reverse=True)
    assert all({"bm25", "text_vector"} <= result["signals"].keys() for result in results)
    assert all(-1 <= result["signals"]["text_vector"] <= 1 for result in results)
    assert any("press" in result["source"]["title"].lower() for result in results[:3])
    assert not {"text_vector", "image_vector", "hybridrank"} & results[0]["source"].keys()


def test_the_model_decides_the_order_and_not_the_first_stage(service):
    found = search(service, query="a warm thing to wear in winter", size=20)
    answer = httpx.post(
        service.url + "/v1/rerank",
        json={
            "query": "a warm thing to wear in winter",
            "candidates": [{"id": result["id"], "signals": result["signals"]} for result in found["results"]],
        },
        timeout=90,
    ).json()
    assert sorted(result["id"] for result in answer["results"]) == sorted(result["id"] for result in found["results"])
    assert [result["id"] for result in answer["results"]] != [result["id"] for result in found["results"]]


def test_filters_facets_and_sort(service):
    found = search(
        service,
        filters={"in_stock": True, "price": {"gte": 20, "lt": 60}},
        facets=["category", "price", "in_stock"],
        sort="price:asc",
        size=50,
    )
    prices = [result["source"]["price"] for result in found["results"]]
    assert prices == sorted(prices)
    assert 20 <= prices[0] <= prices[-1] < 60
    assert all(result["source"]["in_stock"] for result in found["results"])
    assert found["facets"]["in_stock"]["values"] == [{"value": True, "count": found["total"]}]
    assert sum(value["count"] for value in found["facets"]["price"]["values"]) == found["total"]


def test_a_misspelt_query_is_offered_the_catalogues_word(service):
    title = search(service, query="coffee", size=1)["results"][0]["source"]["title"]
    word = max((word for word in title.split() if word.isascii() and word.isalpha()), key=len)
    wrong = word[:2] + word[3:]
    assert word.lower() in search(service, query=wrong)["did_you_mean"].lower()


def test_browsing_without_a_query(service):
    for nothing in ({}, {"query": ""}, {"query": "   "}):
        found = search(service, **nothing, size=5)
        assert found["total"] == 300
        assert len(found["results"]) == 5
        assert all(result["signals"] == {} for result in found["results"])


def test_pages_replay_one_order_without_a_gap_or_a_repeat(service):
    first = search(service, query="cotton shirt for summer", size=40)
    whole = list(first["results"])
    while len(whole) < first["total"]:
        page = search(
            service, query="cotton shirt for summer", size=40, query_id=first["query_id"], **{"from": len(whole)}
        )
        assert page["query_id"] == first["query_id"]
        if not page["results"]:
            break
        assert page["results"][0]["rank"] == len(whole) + 1
        whole += page["results"]
    ids = [result["id"] for result in whole]
    assert len(ids) == len(set(ids)) == first["total"]


def test_a_query_id_belongs_to_its_question(service):
    own = str(uuid.uuid4())
    found = search(service, query="desk lamp", size=3, query_id=own)
    assert found["query_id"] == own
    other = httpx.post(service.url + "/v1/search", json={"query": "tent", "query_id": own}, timeout=90)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "query_id"


def test_a_replayed_order_is_the_stored_one_also_when_the_catalogue_has_moved_on(service, engine_url):
    first = search(service, query="ceramic mug", size=10)
    stored = f"{engine_url}/ubi_queries/_doc/{INDEX}:{first['query_id']}"
    document = httpx.get(stored, timeout=30).json()["_source"]
    assert document["user_query"] == "ceramic mug"
    assert document["application"] == INDEX
    assert document["query_response_object_ids"] == [result["id"] for result in first["results"]]
    document["hybridrank"]["ids"].reverse()
    httpx.put(stored, json=document, timeout=30).raise_for_status()
    again = search(service, query="ceramic mug", size=5, query_id=first["query_id"])
    assert [result["id"] for result in again["results"]] == document["hybridrank"]["ids"][:5]


def test_past_the_time_budget_the_answer_says_that_it_is_degraded(engine_url, service_home, sample_index, tmp_path):
    tight = {**settings_of(engine_url, service_home), "HYBRIDRANK_RERANK_BUDGET_MS": "0.001"}
    running = start_service(tmp_path, "--demo", **tight)
    try:
        found = search(running, query="insulated coffee press", size=10)
        assert found["degraded"] == "budget"
        assert len(found["results"]) == 10
        metrics = httpx.get(running.url + "/metrics", timeout=30).text
        assert 'hybridrank_degraded_total{reason="budget"} 1.0' in metrics
        assert 'hybridrank_stage_seconds_count{stage="rank"} 1.0' in metrics
    finally:
        assert running.stop() == 0


def test_the_command_gives_the_same_answers_as_the_service(service, engine_url, service_home):
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", "search", *arguments],
            env={**os.environ, **settings_of(engine_url, service_home), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )

    printed = json.loads(command("coffee press", "--size", "5", "--filter", "in_stock=true", "--json").stdout)
    served = search(service, query="coffee press", size=5, filters={"in_stock": True})
    assert [result["id"] for result in printed["results"]] == [result["id"] for result in served["results"]]
    table = command("coffee press", "--size", "3")
    assert table.returncode == 0
    assert "█" in table.stdout
    refused = command("coffee press", "--filter", "nonsense=1")
    assert refused.returncode == 1
    assert "filters.nonsense" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
