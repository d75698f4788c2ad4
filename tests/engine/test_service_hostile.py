"""What strangers send: refused with 4xx that names the field, and the worker lives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.fixtures_service import Running, settings_of, start_service

pytestmark = pytest.mark.engine

SEARCH = [
    (b"", 400, "body"),
    (b"{", 400, "body"),
    (b"[]", 422, "body"),
    (b"null", 400, "body"),
    (b'"text"', 422, "body"),
    (b'{"query": NaN}', 400, "body"),
    (b'{"size": Infinity}', 400, "body"),
    (b"[" * 200_000, 400, "body"),
    (b'{"filters":' * 200_000, 400, "body"),
    (b'{"query": "\xff\xfe"}', 400, "body"),
    (b'{"query": "\\ud800"}', 400, "query"),
    (b'{"filters": {"brand": "\\udfff"}}', 400, "filters.brand"),
    (json.dumps({"query": "a" * 100_000}).encode(), 422, "query"),
    (b'{"query": {"match_all": {}}}', 422, "query"),
    (b'{"query": 7}', 422, "query"),
    (b'{"query": ["a"]}', 422, "query"),
    (b'{"size": 1000000000}', 422, "size"),
    (b'{"size": -1}', 422, "size"),
    (b'{"size": "10"}', 422, "size"),
    (b'{"size": true}', 422, "size"),
    (b'{"size": 1e400}', 400, "body"),
    (b'{"from": 1000000000}', 422, "from"),
    (b'{"from": 9990, "size": 100}', 422, "from"),
    (b'{"unknown": 1}', 422, "unknown"),
    (b'{"sort": "title:asc"}', 422, "sort"),
    (b'{"sort": "_script"}', 422, "sort"),
    (b'{"facets": ["_id"]}', 422, "facets"),
    (b'{"facets": "brand"}', 422, "facets"),
    (b'{"filters": []}', 422, "filters"),
    (b'{"filters": {"nonsense": 1}}', 422, "filters.nonsense"),
    (b'{"filters": {"price": {"gte": "cheap"}}}', 422, "filters.price.gte"),
    (b'{"filters": {"brand": {"script": "1"}}}', 422, "filters.brand"),
    (b'{"index": "_all"}', 422, "index"),
    (b'{"index": "../"}', 422, "index"),
    (b'{"index": "*"}', 422, "index"),
    (b'{"index": "a,b"}', 422, "index"),
    (b'{"index": "ubi_queries"}', 422, "index"),
    (b'{"index": "hybridrank-state"}', 422, "index"),
    (b'{"index": "nobody-has-this"}', 404, "index"),
    (b'{"query_id": "../../_all"}', 422, "query_id"),
]

RERANK = [
    ({"query": "a", "documents": []}, "documents"),
    ({"query": "", "documents": ["a"]}, "query"),
    ({"query": " ", "documents": ["a"]}, "query"),
    ({"query": "a"}, "documents"),
    ({"documents": ["a"]}, "query"),
    ({"query": "a", "documents": ["a"] * 20_000}, "documents"),
    ({"query": "a", "documents": [1]}, "documents.0"),
    ({"query": "a", "documents": [{"title": "a"}]}, "documents.0.text"),
    ({"query": "a", "documents": ["a"], "top_n": 0}, "top_n"),
    ({"query": "a", "documents": ["a"], "nonsense": 1}, "nonsense"),
    ({"query": "a" * 100_000, "documents": ["a"]}, "query"),
    ({"query": "a", "documents": ["a" * 200_000]}, "documents.0"),
    ({"query": "a", "texts": [None]}, "texts.0"),
    ({"query": "a", "candidates": [{"id": "1"}, {"id": "1"}]}, "candidates.1.id"),
    ({"query": "a", "candidates": [{"id": "1", "signals": {"nonsense": 1}}]}, "candidates.0.signals"),
    ({"query": "a", "candidates": [{"id": "1", "signals": {"bm25": "high"}}]}, "candidates.0.signals.bm25"),
]


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as one:
        yield one


def refused(answer: httpx.Response, status: int, field: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:hybridrank:problem:")
    assert problem["errors"][0]["field"] == field
    assert len(answer.content) < 8_000


@pytest.mark.parametrize(("body", "status", "field"), SEARCH, ids=[f"{at}-{case[2]}" for at, case in enumerate(SEARCH)])
def test_search_refuses(client, body, status, field):
    refused(client.post("/v1/search", content=body), status, field)


@pytest.mark.parametrize(("body", "field"), RERANK, ids=[f"{at}-{case[1]}" for at, case in enumerate(RERANK)])
def test_rerank_refuses(client, body, field):
    refused(client.post("/v1/rerank", json=body), 422, field)


def test_every_path_of_rerank_refuses_alike(client):
    for path in ("/v1/rerank", "/v2/rerank", "/rerank"):
        refused(client.post(path, json={"query": "a", "documents": []}), 422, "documents")


def test_embed_refuses(client):
    for body, field in (
        ({}, "texts"),
        ({"texts": []}, "texts"),
        ({"texts": [1]}, "texts.0"),
        ({"images": []}, "images"),
        ({"images": ["AAAA"]}, "images.0"),
    ):
        refused(client.post("/v1/embed", json=body), 422, field)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_and_the_answer_arrives(client, chunked):
    megabyte = b"a" * 1_000_000

    def pieces():
        for _ in range(100):
            yield megabyte

    headers = {} if chunked else {"Content-Length": "100000000"}
    answer = client.post("/v1/search", content=pieces(), headers=headers)
    refused(answer, 413, "body")


def test_unknown_paths_and_methods_are_problems(client):
    for method, path, status in (
        ("GET", "/v1/search", 405),
        ("GET", "/nothing", 404),
        ("GET", "/page/../settings.py", 404),
        ("GET", "/page/%2e%2e%2fsettings.py", 404),
        ("GET", "/media/service-sample/..%2f..%2fproducts.jsonl", 404),
        ("GET", "/media/service-sample/nobody", 404),
        ("TRACE", "/v1/search", 405),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


def test_raw_bytes_do_not_end_a_worker(client, service):
    host, port = service.url.removeprefix("http://").split(":")
    for raw in (
        b"\x00" * 100,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"POST /v1/search HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
    assert client.get("/healthz").text == "ok\n"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /v1/suggest?q=very private words HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /v1/suggest?q=" + b"private" * 2000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nprivate words: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: private\x00words\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"private" * 5000 + b"\r\n\r\n", 431),
        (b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: private\r\n\r\n", 400),
        (b"private words\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_gets_a_problem_and_is_not_logged(service, raw, status):
    host, port = service.url.removeprefix("http://").split(":")
    before = len(service.log.read_text())
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(raw)
        answer = connection.makefile("rb").read().decode()
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "application/problem+json" in head
    assert json.loads(body)["status"] == status
    logged = service.log.read_text()[before:]
    assert "private" not in answer + logged
    assert "127.0.0.1" not in logged


def test_nothing_that_a_person_typed_is_logged(client, service):
    client.post("/v1/search", json={"query": "very private words"})
    client.post("/v1/search", content=b'{"query": "very private words"')
    client.post("/v1/search", json={"query": "x", "sort": "very private words"})
    assert "private" not in service.log.read_text()


def test_demo_mode_answers_to_this_machine_only(service):
    rebound = httpx.get(service.url + "/", headers={"Host": "evil.example"}, timeout=30)
    assert rebound.status_code == 421
    across = httpx.post(service.url + "/v1/search", json={}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=30)
    assert across.status_code == 403


def test_keys_decide_who_may_call_what(engine_url, service_home, sample_index, tmp_path):
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_KEYS_FILE": str(tmp_path / "keys.json")}
    serve = [sys.executable, "-m", "service", "serve", "--port", "1"]
    none = subprocess.run(serve, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert none.returncode == 1
    assert "hybridrank keys new" in none.stderr
    assert len(none.stderr.strip().splitlines()) == 1
    keys = {}
    for role in ("shop", "metrics"):
        made = subprocess.run(
            [sys.executable, "-m", "service", "keys", "new", "--role", role],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        keys[role] = {"Authorization": f"Bearer {made.stdout.strip()}"}
    running = start_service(tmp_path, "--workers", "2", **environment)
    try:
        with httpx.Client(base_url=running.url, timeout=90) as client:
            refused_call = client.post("/v1/search", json={})
            assert refused_call.status_code == 401
            assert refused_call.headers["www-authenticate"].startswith("Bearer")
            assert client.post("/v1/search", json={}, headers={"Authorization": "Bearer hr_wrong"}).status_code == 401
            assert client.post("/v1/search", json={"size": 1}, headers=keys["shop"]).status_code == 200
            assert client.get("/metrics", headers=keys["shop"]).status_code == 403
            assert client.post("/v1/search", json={}, headers=keys["metrics"]).status_code == 403
            assert "hybridrank_request_seconds" in client.get("/metrics", headers=keys["metrics"]).text
            for path in ("/", "/healthz", "/readyz", "/openapi.json", "/page/app.js"):
                assert client.get(path).status_code == 200, path
    finally:
        assert running.stop() == 0


def test_a_taken_port_is_named_with_its_holder(service):
    port = service.url.rpartition(":")[2]
    run = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--demo", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1
    assert f"port {port}" in run.stderr
    assert "process" in run.stderr


def test_demo_mode_refuses_other_addresses():
    run = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--demo", "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "loopback" in run.stderr


def test_a_graceful_stop_lets_the_request_under_way_finish(engine_url, service_home, sample_index, tmp_path):
    running = start_service(tmp_path, "--demo", **settings_of(engine_url, service_home))
    stopping = threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"query": "shoe", '
        stopping.wait(60)
        yield b'"documents": ["a pair of running shoes"]}'

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(httpx.post, running.url + "/v1/rerank", content=body(), timeout=60)
        until(lambda: "hybridrank_requests_in_progress 2.0" in httpx.get(running.url + "/metrics", timeout=60).text)
        running.process.send_signal(signal.SIGTERM)
        until(lambda: not listens(running.process.pid))
        stopping.set()
        assert under_way.result().status_code == 200
    assert running.stop() == 0


def until(holds: Callable[[], bool], limit_s: float = 60) -> None:
    """Wait for a condition."""
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def listens(pid: int) -> bool:
    """Whether a process listens: the master's first act of stopping is to listen no more."""
    return any(one.status == psutil.CONN_LISTEN for one in psutil.Process(pid).net_connections("inet"))
