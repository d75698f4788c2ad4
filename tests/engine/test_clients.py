"""Clients that exist, by the very requests that they send; the libraries themselves are in ``tests/clients``."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hybridrank_client import AsyncClient, Client, Forbidden, Invalid, NotFound, Unreachable

from personal.subject import Subject
from service.keys import DEFAULT_TENANT
from service.persons import mint
from service.settings import Settings
from tests.documents import ALL
from tests.fixtures_service import INDEX, Running

pytestmark = pytest.mark.engine

CLIENT_PAGES = ("clients/python/README.md", "docs/clients.md")
QUERY = "a lamp for reading"
TEXTS = ["A garden hose of green rubber", "Reading lamp for the desk, warm light", "Running shoes"]


def run(coroutine):
    """Run a coroutine in a thread of its own: the browser's tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def post(service: Running, path: str, body: object, **headers: str) -> httpx.Response:
    return httpx.post(service.url + path, json=body, headers=headers, timeout=120)


def best(results: list[dict]) -> dict:
    assert sorted(result["index"] for result in results) == [0, 1, 2]
    return results[0]


def test_cohere(service):
    headers = {"Authorization": "Bearer any", "X-Client-Name": "test", "Accept": "*/*"}
    second = {"model": "rerank-v3.5", "query": QUERY, "documents": TEXTS, "top_n": 3, "max_tokens_per_doc": 4096}
    first = {
        "model": "rerank-english-v3.0",
        "query": QUERY,
        "documents": [{"text": text} for text in TEXTS],
        "top_n": 3,
        "rank_fields": ["text"],
        "return_documents": True,
        "max_chunks_per_doc": 10,
    }
    found = post(service, "/v2/rerank", second, **headers).json()
    assert uuid.UUID(found["id"])
    assert best(found["results"])["index"] == 1
    assert all(0 <= result["relevance_score"] <= 1 for result in found["results"])
    found = post(service, "/v1/rerank", first, **headers).json()
    assert best(found["results"])["document"] == {"text": TEXTS[1]}


def test_jina(service):
    body = {
        "model": "jina-reranker-v2-base-multilingual",
        "query": QUERY,
        "documents": TEXTS,
        "top_n": 3,
        "return_documents": False,
    }
    found = post(service, "/v1/rerank", body).json()
    assert best(found["results"])["index"] == 1
    assert found["model"]


def test_text_embeddings_inference(service):
    body = {"query": QUERY, "texts": TEXTS, "raw_scores": False, "return_text": True, "truncate": True}
    found = post(service, "/rerank", body).json()
    assert best(found)["text"] == TEXTS[1]
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)
    raw = post(service, "/rerank", {**body, "raw_scores": True}).json()
    assert [one["index"] for one in raw] == [one["index"] for one in found]


def test_a_connector_of_opensearch_ml_commons(service):
    """The request body that its Cohere blueprint fills in, read as its post-processing function does."""
    body = {"documents": TEXTS, "query": QUERY, "model": "hybridrank", "top_n": 3, "return_documents": True}
    found = post(service, "/v2/rerank", body, **{"Request-Source": "unspecified:opensearch"}).json()
    by_index = sorted(found["results"], key=lambda result: result["index"])
    scores = [result["relevance_score"] for result in by_index]
    assert max(scores) == scores[1]


def test_the_javascript_collector_of_opensearch(service):
    """``new UbiClient(url).trackEvent(new UbiEvent(...), 'text', 'KIND')``: what it posts, with all its oddities."""
    event = {
        "application": INDEX,
        "action_name": "add_to_cart",
        "query_id": str(uuid.uuid4()),
        "session_id": str(uuid.uuid4()),
        "client_id": str(uuid.uuid4()),
        "user_id": "",
        "timestamp": "2025-03-03T16:47:48.835Z",
        "message_type": "INFO",
        "message": "Reading lamp (p1)",
        "event_attributes": {
            "object": {
                "object_id": "p1",
                "object_id_field": "product",
                "description": "Reading lamp",
                "price": 19.9,
                "image": ["a.png"],
                "search_attributes": {"search_query": "lamp"},
            },
            "position": {"ordinal": 3},
        },
        "extra_info": "from the list",
        "extra_info_type": "QUERY",
    }
    bare = {
        **{name: event[name] for name in ("application", "user_id", "timestamp", "message_type")},
        "action_name": "global_click",
        "query_id": None,
        "session_id": None,
        "client_id": None,
        "message": "",
        "event_attributes": {
            "object": {"object_id": None, "object_id_field": "product", "description": None},
            "position": {"xy": {"x": 1.5, "y": 2}, "x": 3.7},
        },
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    for one in (event, event, bare):
        answer = post(service, "/ubi_events", [one], **headers)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"accepted": 1, "rejected": []}


@pytest.fixture
def client(service):
    with Client(service.url, timeout=120) as one:
        yield one


def test_our_own_client(client, service):
    found = client.search("desk lamp", size=5, facets=["brand", "price"], filters={"price": {"gte": 1}})
    assert [result.rank for result in found] == [1, 2, 3, 4, 5]
    assert found.results[0].source["title"]
    assert found.facets["price"].minimum >= 1
    more = client.search("desk lamp", size=5, from_=5, filters={"price": {"gte": 1}}, query_id=found.query_id)
    assert not {result.id for result in found} & {result.id for result in more}
    assert next(iter(client.rerank(QUERY, TEXTS))).index == 1
    candidates = [{"id": f"t{n}", "text": text, "signals": {"bm25": 1.0}} for n, text in enumerate(TEXTS)]
    assert client.rerank(QUERY, candidates, top_n=1).items[0].id == "t1"
    vector = client.embed([QUERY]).vectors[0]
    assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-4)
    event = {
        "action_name": "view",
        "application": INDEX,
        "client_id": "c",
        "timestamp": "2025-03-03T16:47:48Z",
        "event_attributes": {"object": {"object_id": "p1"}},
    }
    taken = client.events([event, {"action_name": "view"}])
    assert (taken.accepted, [one.index for one in taken.rejected]) == (1, [1])

    async def ask():
        async with AsyncClient(service.url, timeout=120) as other:
            return await other.search("desk lamp", size=5, filters={"price": {"gte": 1}})

    assert [result.id for result in run(ask())] == [result.id for result in found]


SNIPPETS = [block for block in ALL if block.language == "python" and block.page in CLIENT_PAGES]


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.page)
def test_what_the_pages_show_of_it_runs(service, service_home, client, block, capsys):
    item = next(iter(client.search("desk lamp", size=1))).id
    text = re.sub(r'"https?://(?:search\.shop\.example|127\.0\.0\.1:8000)"', repr(service.url), block.text)
    text = text.replace("timeout=2.0", "timeout=120").replace("hr_…", "hr_reader").replace('"p1"', repr(item))
    person = Subject(DEFAULT_TENANT, f"reader-{uuid.uuid4().hex}")
    token = mint(Settings(home=service_home).person_keys_path, person, make_key=True)
    exec(compile(text, block.page, "exec"), {"token": token})
    assert capsys.readouterr().out


def test_our_own_clients_errors(client):
    with pytest.raises(Invalid) as invalid:
        client.search(size=1000)
    assert invalid.value.errors[0].field == "size"
    with pytest.raises(NotFound) as missing:
        client.search("lamp", index="nobody-has-this")
    assert missing.value.kind == "unknown-catalogue"
    with pytest.raises(Forbidden) as forbidden:
        client.as_person("no.such.token").search("lamp")
    assert forbidden.value.kind == "invalid-person-token"
    with Client("http://127.0.0.1:1") as nobody, pytest.raises(Unreachable):
        nobody.search()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_our_own_client_as_a_wheel_in_an_environment_of_its_own(service, tmp_path):
    folder = tmp_path / "source"  # a build leaves its traces in the folder that it is made from
    shutil.copytree(Path(__file__).parents[2] / "clients" / "python", folder)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path / "wheels"), str(folder)], check=True)
    (wheel,) = (tmp_path / "wheels").glob("hybridrank_client-*.whl")
    subprocess.run([*pip, "install", str(wheel)], check=True)
    script = (
        "import sys; from hybridrank_client import Client\n"
        "with Client(sys.argv[1], timeout=120) as shop: print(len(shop.search('lamp', size=3)))"
    )
    run = subprocess.run(
        [str(python), "-I", "-c", script, service.url], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert run.stdout == "3\n"
    listed = subprocess.run([*pip, "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
    assert not {"numpy", "flask", "hybridrank"} & {line.split("==")[0] for line in listed.splitlines()}
