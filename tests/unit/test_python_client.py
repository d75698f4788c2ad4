"""The Python client: what it sends, how it reads answers, which error each failure is. The wire is httpx's own mock."""

from __future__ import annotations

import asyncio
import inspect
import json
import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import hybridrank_client
import pytest
from hybridrank_client import (
    AsyncClient,
    Client,
    FieldError,
    Forbidden,
    HybridrankError,
    Invalid,
    NotFound,
    Refused,
    TimedOut,
    Unavailable,
    Unreachable,
    Unreadable,
)

FOUND = {
    "query_id": "q1",
    "took_ms": 4.5,
    "total": 2,
    "did_you_mean": "boots",
    "facets": {"price": {"values": [{"value": "0-10", "count": 2, "low": 0, "high": 10}], "other": 1, "minimum": 2}},
    "results": [{"id": "p1", "rank": 1, "score": 0.9, "signals": {"bm25": 3.5}, "source": {"title": "Boots"}}],
    "something": "that a later service adds",
}


def run(coroutine):
    """Run a coroutine in a thread of its own: the browser's tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def wire(answer, sent=None):
    def handle(request):
        if sent is not None:
            sent.append(request)
        return answer(request) if callable(answer) else answer

    return httpx.MockTransport(handle)


def problem(status, **more):
    body = {"type": "urn:hybridrank:problem:some-kind", "title": "x", "status": status, "detail": "Words.", **more}
    return httpx.Response(status, json=body)


def test_a_search_is_sent_and_read():
    sent = []
    with Client("http://shop/base", key="hr_k", transport=wire(httpx.Response(200, json=FOUND), sent)) as client:
        found = client.search("boots", size=5, from_=10, filters={"brand": "Acme"}, index="other")
    assert str(sent[0].url) == "http://shop/base/v1/search"
    assert sent[0].headers["Authorization"] == "Bearer hr_k"
    assert json.loads(sent[0].content) == {
        "query": "boots",
        "size": 5,
        "from": 10,
        "filters": {"brand": "Acme"},
        "index": "other",
    }
    assert [(r.id, r.signals["bm25"], r.pinned) for r in found] == [("p1", 3.5, False)]
    assert (found.total, found.did_you_mean, found.degraded, len(found)) == (2, "boots", None, 1)
    assert found.facets["price"].values[0].high == 10


def test_who_asks_is_said_in_headers_and_one_pool_serves_many_people():
    sent = []
    with Client("http://shop", key="hr_k", transport=wire(httpx.Response(200, json=FOUND), sent)) as client:
        client.as_person("ada's token", session="visit-00000001").search()
        client.as_person("ben's token").search()
        client.search()
    people = [request.headers.get("X-Hybridrank-Person") for request in sent]
    assert people == ["ada's token", "ben's token", None]
    assert [request.headers.get("X-Hybridrank-Session") for request in sent] == ["visit-00000001", None, None]
    assert {request.headers["Authorization"] for request in sent} == {"Bearer hr_k"}


def test_documents_with_ids_are_candidates():
    sent = []
    answer = httpx.Response(
        200, json={"id": "1", "model": "m", "results": [{"index": 1, "relevance_score": 0.5, "id": "b"}]}
    )
    with Client("http://shop", transport=wire(answer, sent)) as client:
        ranked = client.rerank("q", [{"id": "a"}, {"id": "b", "signals": {"bm25": 2.0}}], top_n=1)
        client.rerank("q", ["a", {"text": "b"}])
    assert [(item.index, item.id, item.score) for item in ranked] == [(1, "b", 0.5)]
    assert "candidates" in json.loads(sent[0].content)
    assert json.loads(sent[1].content) == {"query": "q", "documents": ["a", {"text": "b"}]}


@pytest.mark.parametrize(
    ("status", "expected", "not_expected"),
    [
        (400, Invalid, Unavailable),
        (413, Invalid, Unavailable),
        (422, Invalid, Unavailable),
        (401, Forbidden, Invalid),
        (403, Forbidden, Invalid),
        (421, Forbidden, Invalid),
        (404, NotFound, Invalid),
        (409, Refused, Invalid),
        (500, Unavailable, Refused),
        (503, Unavailable, Refused),
    ],
)
def test_each_problem_is_its_error(status, expected, not_expected):
    answer = problem(status, errors=[{"field": "size", "reason": "too large"}])
    answer.headers["Retry-After"] = "2"
    with Client("http://shop", transport=wire(answer)) as client, pytest.raises(HybridrankError) as caught:
        client.search()
    error = caught.value
    assert isinstance(error, expected)
    assert not isinstance(error, not_expected)
    assert (error.status, error.kind, error.detail, error.retry_after_s) == (status, "some-kind", "Words.", 2.0)
    assert error.errors == (FieldError("size", "too large"),)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"results": 1}),
        httpx.Response(302, headers={"Location": "/login"}),
    ],
)
def test_what_is_no_answer_is_said(answer):
    with Client("http://shop", transport=wire(answer)) as client, pytest.raises(Unreadable):
        client.search()


def test_an_error_page_of_a_proxy_is_unavailable():
    with (
        Client("http://shop", transport=wire(httpx.Response(502, text="<html>"))) as client,
        pytest.raises(Unavailable) as caught,
    ):
        client.search()
    assert caught.value.kind == "unknown"


def test_nobody_there_and_too_slow():
    def fail(kind):
        def handle(_):
            raise kind("no")

        return handle

    for kind, expected in ((httpx.ConnectError, Unreachable), (httpx.ReadTimeout, TimedOut)):
        with Client("http://shop", transport=wire(fail(kind))) as client, pytest.raises(expected):
            client.search()


def test_the_async_client_does_the_same():
    async def ask():
        async with AsyncClient("http://shop", transport=wire(httpx.Response(200, json=FOUND))) as client:
            found = await client.as_person("token").search("boots")
        with pytest.raises(Invalid):
            async with AsyncClient("http://shop", transport=wire(problem(422))) as client:
                await client.search("boots")
        return found

    assert run(ask()).results[0].id == "p1"


def test_both_clients_have_the_same_calls():
    def calls(kind):
        public = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(call).parameters) for name, call in public if name[0] != "_"}

    waits, awaits = calls(Client), calls(AsyncClient)
    waits["aclose"] = waits.pop("close")
    assert waits == awaits
    assert hybridrank_client.__all__ == sorted(hybridrank_client.__all__)


def test_the_client_that_waits_is_made_of_the_other():
    folder = Path(hybridrank_client.__file__).parent
    made = runpy.run_path(str(folder.parent / "twin.py"))["twin"]((folder / "aio.py").read_text("utf-8"))
    assert made == (folder / "client.py").read_text("utf-8"), "run python clients/python/twin.py"


def test_what_is_asked_in_the_address_is_sent_and_read():
    one = {"id": "p1", "score": 0.5, "reason": "Similar", "signals": {"sequence": 0.7}, "source": {"title": "Boots"}}
    text = {"text": "boots", "score": 0.4, "reason": "popular search"}
    answers = {
        "/v1/suggest": {"suggestions": [text]},
        "/v1/recommend": {"recommendations": [one], "took_ms": 1.0, "degraded": "profile"},
        "/v1/related": {"queries": [text], "documents": [one], "took_ms": 1.0},
        "/v1/profile": {"records": []},
        "/v1/graph": {"accepted": 1, "rejected": [{"field": "edges", "index": 1, "reason": "an edge to oneself"}]},
        "/v1/sharing": {"sharing": True},
    }
    sent = []
    transport = wire(lambda request: httpx.Response(200, json=answers[request.url.path]), sent)
    with Client("http://shop", transport=transport) as client:
        assert [found.text for found in client.suggest("b\u00f6 &", size=3)] == ["boots"]
        found = client.recommend("p0", exclude=["p7", "p9"], social=True, size=4)
        assert ([item.id for item in found], found.degraded) == (["p1"], "profile")
        assert client.recommend(diversity=0.5).recommendations[0].signals == {"sequence": 0.7}
        assert client.related("boots", shown=["a", "b"]).documents[0].source["title"] == "Boots"
        assert client.profile() == client.erase() == {"records": []}
        assert client.graph([("a", "b"), ("c", "c")]).rejected[0].reason == "an edge to oneself"
        assert client.sharing() is client.sharing(True) is client.sharing(False) is True
    assert [(request.method, dict(request.url.params)) for request in sent] == [
        ("GET", {"q": "b\u00f6 &", "size": "3"}),
        ("GET", {"item": "p0", "exclude": "p7,p9", "social": "true", "size": "4"}),
        ("GET", {"diversity": "0.5"}),
        ("GET", {"query": "boots", "shown": "a,b"}),
        ("GET", {}),
        ("DELETE", {}),
        ("POST", {}),
        ("GET", {}),
        ("PUT", {}),
        ("DELETE", {}),
    ]
    assert json.loads(sent[6].content) == {"edges": [["a", "b"], ["c", "c"]], "remove": []}
