"""Search through OpenSearch's own pipeline: our plugin in the session's engine, a real service behind it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import PLUGIN
from service.parts import Parts
from service.schemas.search import SearchBody
from service.settings import Settings
from tests.fixtures_service import INDEX, Running

from .door import TROUBLES, Door, Trouble, garbage, gone, silent, too_few, trickling

pytestmark = pytest.mark.engine

Json = dict[str, Any]
MATCH: Json = {"match": {"title": "insulated coffee press"}}
STOCKED: Json = {"term": {"in_stock": True}}


class Shop:
    """A shop that asks its OpenSearch."""

    def __init__(self, url: str, door: Door, service: Running, home: Path) -> None:
        self.url = url
        self.door = door
        self.service = service
        self.search = Parts(Settings(home=home, opensearch_url=url, index=INDEX, opensearch_timeout_s=120)).search

    def ask(self, body: Json, *, status: int = 200, index: str = INDEX, **params: str) -> Json:
        """Through the pipeline, unless ``search_pipeline`` says otherwise."""
        url = f"{self.url}/{index}/_search"
        answer = httpx.post(url, json=body, params={"search_pipeline": PLUGIN, **params}, timeout=300)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def direct(self, **body: Any) -> Json:
        answer = httpx.post(self.service.url + "/v1/search", json=body, timeout=300)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def shown(self, **body: Any) -> Json:
        """The body that ``search --show-query`` prints."""
        return self.search.engine_body(SearchBody.model_validate(body))

    def counters(self) -> dict[str, int]:
        return dict(httpx.get(f"{self.url}/_plugins/_hybridrank/stats", timeout=60).json()["total"])

    def put(self, **settings: str | None) -> None:
        body = {"persistent": {f"hybridrank.budget.{name}": value for name, value in settings.items()}}
        httpx.put(f"{self.url}/_cluster/settings", json=body, timeout=60).raise_for_status()

    def threads(self) -> int:
        nodes = httpx.get(f"{self.url}/_nodes/stats/jvm", timeout=60).json()["nodes"]
        return sum(node["jvm"]["threads"]["count"] for node in nodes.values())

    def mended(self) -> None:
        """The door passes calls on, and the breaker has closed again."""
        self.door.mend()
        self.put(query=None, rank=None, embed=None)
        until = time.monotonic() + 120
        # Words of their own each time: for known ones the plugin remembers the clauses and asks nobody.
        while "degraded" in self.ask(unheard())["ext"]["hybridrank"]:
            assert time.monotonic() < until
            time.sleep(0.3)


def unheard() -> Json:
    return {"query": {"match": {"title": f"lamp {uuid.uuid4().hex}"}}, "size": 1}


def ids(answer: Json) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


@pytest.fixture(scope="module")
def shop(engine_url: str, plugin_door: Door, service: Running, service_home: Path) -> Iterator[Shop]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        if PLUGIN not in engine.info().plugins:
            pytest.skip("the engine lacks our plugin: make plugin builds it, and OPENSEARCH_URL must have it")
        install(engine)
    plugin_door.target = service.url
    yield Shop(engine_url, plugin_door, service, service_home)
    plugin_door.mend()


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("insulated coffee press", {}),
        ("a warm thing to wear in winter", {"in_stock": True}),
        ("desk lamp", {"price": {"gte": 10, "lt": 80}}),
        ("cotton shirt for summer", {"color": ["Black", "White", "Blue"], "in_stock": True}),
    ],
)
def test_the_body_that_is_shown_gives_the_order_of_the_service(shop: Shop, query: str, filters: Json) -> None:
    there = shop.direct(query=query, filters=filters, size=100)
    here = shop.ask(shop.shown(query=query, filters=filters, size=100))
    assert "degraded" not in there
    assert "degraded" not in here["ext"]["hybridrank"]
    assert ids(here)[: len(there["results"])] == [result["id"] for result in there["results"]]
    scores = [hit["_score"] for hit in here["hits"]["hits"]][: len(there["results"])]
    assert scores == pytest.approx([result["score"] for result in there["results"]], abs=1e-6)
    assert here["hits"]["total"]["value"] == there["total"]


ORDINARY: list[Json] = [
    MATCH,
    {"multi_match": {"query": "insulated coffee press", "fields": ["title^2", "description"]}},
    {"simple_query_string": {"query": "insulated coffee press", "fields": ["title", "brand"]}},
    {"bool": {"must": [MATCH], "filter": [STOCKED], "must_not": [{"range": {"price": {"gte": 200}}}]}},
]


@pytest.mark.parametrize("query", ORDINARY)
def test_an_ordinary_query_is_ranked_by_the_model(shop: Shop, query: Json) -> None:
    body = {"query": query, "size": 10, "ext": {"hybridrank": {"signals": True}}}
    answer = shop.ask(body)
    own = answer["ext"]["hybridrank"]
    assert own["model"] != "first_stage"
    assert own["query_id"]
    hits = answer["hits"]["hits"]
    scores = [hit["_score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert answer["hits"]["max_score"] == scores[0]
    signals = [hit["fields"]["hybridrank.signals"][0] for hit in hits]
    assert all({"bm25", "text_vector"} <= found.keys() for found in signals)
    assert any("press" in hit["_source"]["title"].lower() for hit in hits[:3])
    assert not any({"sort", "matched_queries"} & hit.keys() for hit in hits)
    assert not any({"text_vector", "hybridrank"} & hit["_source"].keys() for hit in hits)
    without = shop.ask({"query": query, "size": 10}, search_pipeline="_none")
    assert answer["hits"]["total"]["value"] >= without["hits"]["total"]["value"]
    if "bool" in query:
        assert all(hit["_source"]["in_stock"] and hit["_source"].get("price", 0) < 200 for hit in hits)


def test_what_stands_beside_the_query_goes_on_working(shop: Shop) -> None:
    body: Json = {
        "query": {"bool": {"must": [MATCH], "filter": [STOCKED]}},
        "aggs": {"stock": {"terms": {"field": "in_stock"}}, "dear": {"max": {"field": "price"}}},
        "highlight": {"fields": {"title": {}}},
        "_source": ["title", "price"],
        "docvalue_fields": ["price"],
        "size": 12,
    }
    whole = shop.ask(body)
    buckets = whole["aggregations"]["stock"]["buckets"]
    assert [(bucket["key_as_string"], bucket["doc_count"]) for bucket in buckets] == [
        ("true", whole["hits"]["total"]["value"])
    ]
    assert whole["aggregations"]["dear"]["value"] > 0
    assert all(hit["_source"].keys() <= {"title", "price"} for hit in whole["hits"]["hits"])
    assert any("<em>press</em>" in part.lower() for hit in whole["hits"]["hits"] for part in hit["highlight"]["title"])
    page = shop.ask({**body, "from": 4, "size": 3})
    assert ids(page) == ids(whole)[4:7]
    assert all("_source" not in hit for hit in shop.ask({**body, "_source": False})["hits"]["hits"])
    dear = shop.ask({**body, "post_filter": {"range": {"price": {"gte": 30}}}})
    assert dear["aggregations"] == whole["aggregations"]
    assert all(hit["_source"]["price"] >= 30 for hit in dear["hits"]["hits"])


@pytest.mark.parametrize(
    "body",
    [
        {"query": MATCH, "sort": [{"price": "desc"}]},
        {"query": MATCH, "size": 0, "aggs": {"stock": {"terms": {"field": "in_stock"}}}},
        {"query": {"match_all": {}}, "size": 5},
        {"query": {"bool": {"filter": [STOCKED]}}, "size": 5},
        {"query": {"function_score": {"query": MATCH}}, "size": 5},
        {"query": MATCH, "collapse": {"field": "brand.keyword"}},
    ],
)
def test_what_is_not_by_relevance_is_left_alone(shop: Shop, body: Json) -> None:
    ours, stock = shop.ask(body), shop.ask(body, search_pipeline="_none")
    for answer in (ours, stock):
        answer.pop("took")
    assert ours == stock


def test_a_query_is_logged_and_later_pages_replay_its_order(shop: Shop) -> None:
    body: Json = {"query": {"match": {"title": "ceramic mug"}}, "size": 5}
    first = shop.ask(body)
    query_id = first["ext"]["hybridrank"]["query_id"]
    path = f"{shop.url}/ubi_queries/_doc/{INDEX}:{query_id}"
    document = httpx.get(path, timeout=30).json()["_source"]
    assert document["user_query"] == "ceramic mug"
    assert document["query_response_object_ids"] == ids(first)
    document["hybridrank"]["ids"].reverse()
    httpx.put(path, json=document, timeout=30).raise_for_status()
    again = {"ext": {"hybridrank": {"query_id": query_id}}}
    assert ids(shop.ask({**body, "from": 5, **again})) == document["hybridrank"]["ids"][5:10]
    other = shop.ask({"query": {"match": {"title": "tent"}}, **again}, status=400)
    assert "query_id" in json.dumps(other)


def test_pages_have_no_gap_and_no_repeat_also_beyond_the_window(shop: Shop) -> None:
    body: Json = {"query": {"match": {"title": "cotton shirt for summer"}}, "size": 70}
    first = shop.ask(body)
    again = {"ext": {"hybridrank": {"query_id": first["ext"]["hybridrank"]["query_id"]}}}
    seen = ids(first)
    while page := ids(shop.ask({**body, "from": len(seen), **again})):
        seen += page
    assert len(seen) == len(set(seen)) == first["hits"]["total"]["value"]


def test_merchandising_holds_inside_the_engine_too(shop: Shop) -> None:
    text = "desk lamp with clamp"
    plain = ids(shop.ask({"query": {"match": {"title": text}}}))
    stranger = next(result["id"] for result in shop.direct(query="sun hat")["results"] if result["id"] not in plain)
    rule = {"index": INDEX, "query": text, "pinned": [{"id": stranger, "place": 2}], "hidden": [plain[0]]}
    httpx.put(shop.service.url + "/v1/merchandising", json=rule, timeout=60).raise_for_status()
    try:
        # Another page size is another question to the plugin, which remembers the clauses of one for a moment.
        ruled = ids(shop.ask({"query": {"match": {"title": text}}, "size": 9}))
        assert ruled[1] == stranger
        assert plain[0] not in ruled
        assert ruled == [result["id"] for result in shop.direct(query=text, size=9)["results"]]
    finally:
        params = {"index": INDEX, "query": text}
        httpx.delete(shop.service.url + "/v1/merchandising", params=params, timeout=60).raise_for_status()


def test_ext_is_parsed_strictly_and_repeats_no_value(shop: Shop) -> None:
    for wrong in ({"person": "x"}, {"person_token": "top secret"}, {"session": "short"}, {"signals": "yes"}, []):
        answer = json.dumps(shop.ask({"query": MATCH, "ext": {"hybridrank": wrong}}, status=400))
        assert "ext.hybridrank" in answer
        assert "secret" not in answer


def test_person_and_session_are_forwarded_as_they_are_and_go_nowhere_else(shop: Shop) -> None:
    shop.door.seen.clear()
    token = "abc.def.ghi"
    body = {"query": MATCH, "ext": {"hybridrank": {"person_token": token, "session": "visit-00000001"}}}
    refused = shop.ask(body, status=401)
    assert "person_token" in json.dumps(refused)
    assert token not in json.dumps(refused)
    path, headers, _ = shop.door.seen[-1]
    sent = {name.lower(): value for name, value in headers.items()}
    assert path == "/v1/plugin/rank"
    assert (sent["x-hybridrank-person"], sent["x-hybridrank-session"]) == (token, "visit-00000001")
    assert sent["authorization"] == "Bearer hr_of-the-tests"
    settings = (
        httpx.get(f"{shop.url}/_cluster/state", timeout=60).text + httpx.get(f"{shop.url}/_nodes", timeout=60).text
    )
    assert "hr_of-the-tests" not in settings


@pytest.mark.parametrize("trouble", [gone, silent, garbage, too_few], ids=lambda trouble: trouble.__name__)
def test_no_trouble_of_the_service_fails_a_request(shop: Shop, trouble: Trouble) -> None:
    check_trouble(shop, trouble, 8)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_thousand_requests_in_trouble(shop: Shop, trouble: Trouble) -> None:
    check_trouble(shop, trouble, 1000)


def check_trouble(shop: Shop, trouble: Trouble, requests: int) -> None:
    body = {"query": MATCH, "size": 10, "aggs": {"stock": {"terms": {"field": "in_stock"}}}}
    shop.mended()
    stock = ids(shop.ask(body, search_pipeline="_none"))
    before, threads = shop.counters(), shop.threads()
    if trouble in {silent, trickling}:
        shop.put(query="300ms", rank="300ms")
    shop.door.trouble = trouble
    marks = set()
    try:
        for number in range(requests):
            answer = shop.ask({**body, "size": 10 + number % 3})
            marks.add(answer["ext"]["hybridrank"]["degraded"])
            assert ids(answer)[: len(stock)] == stock
    finally:
        shop.door.trouble = None
    after = shop.counters()
    moved = sum(after[name] - before.get(name, 0) for name in after if name.startswith("search.degraded."))
    assert moved == requests
    assert all(mark.startswith("service_") for mark in marks)
    opened = [name for name in after if name.endswith("breaker_opened") and after[name] > before[name]]
    assert opened
    shop.mended()
    assert ids(shop.ask(body)) == [
        result["id"] for result in shop.direct(query=MATCH["match"]["title"], size=10)["results"]
    ]
    until = time.monotonic() + 120
    while True:
        under_way = sum(value for name, value in shop.counters().items() if name.endswith("under_way"))
        if under_way == 0 and shop.threads() <= threads + 6:
            return
        assert time.monotonic() < until, (under_way, threads, shop.threads())
        time.sleep(0.5)


def test_documents_get_their_vectors_as_they_are_written(shop: Shop, engine_url: str) -> None:
    document = {"id": "plugin-1", "title": "Ceremonial walrus-ivory bagpipe", "in_stock": True}
    url = f"{engine_url}/{INDEX}/_doc/plugin-1"
    try:
        for pipelined in (True, False):
            params = {"pipeline": PLUGIN} if pipelined else {}
            line = json.dumps({"index": {"_id": "plugin-1"}})
            bulk = f"{line}\n{json.dumps(document)}\n".encode()
            headers = {"content-type": "application/x-ndjson"}
            answer = httpx.post(
                f"{engine_url}/{INDEX}/_bulk", content=bulk, params=params, headers=headers, timeout=300
            )
            assert answer.json()["errors"] is False, answer.text
            source = httpx.get(url, timeout=60).json()["_source"]
            assert ("text_vector" in source) == pipelined
            assert "pending" not in source.get("hybridrank", {})
        shop.door.trouble = gone
        httpx.put(url, json=document, params={"pipeline": PLUGIN}, timeout=300).raise_for_status()
        assert httpx.get(url, timeout=60).json()["_source"]["hybridrank"]["pending"] == "service_unreachable"
    finally:
        shop.mended()
        httpx.delete(url, params={"refresh": "true"}, timeout=60)
