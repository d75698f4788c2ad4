"""``evaluate --log`` and ``--interleave`` over the sample catalogue in a real OpenSearch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from personal.event_store import store
from personal.event_times import now_ms
from personal.events import read_event
from personal.pseudonyms import load
from personal.searchlog import search_log
from plugin.catalogue import create_generation, publish
from plugin.client import ClusterConfig, Engine
from plugin.names import UBI_QUERIES
from plugin.stock import search_ids
from ranker.offpolicy import Shown
from tests.fixtures_service import INDEX, index_part, settings_of

pytestmark = pytest.mark.engine

Evaluate = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def evaluate(engine_url: str, service_home: Path, sample_index: str) -> Evaluate:
    assert sample_index == INDEX

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", "evaluate", *map(str, arguments)],
            env={**os.environ, **settings_of(engine_url, service_home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_log_is_read_with_its_clicks(engine_url: str, tmp_path: Path) -> None:
    catalogue = f"log-{uuid.uuid4().hex[:8]}"
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        publish(engine, create_generation(engine, catalogue, text_encoder=None))
        for name, text, field in (("q1", "lamp", "query_response_object_ids"), ("q2", " ", "query_response_hit_ids")):
            document = {"application": catalogue, "query_id": name, "user_query": text, field: ["a", "b", "a"]}
            engine.request("PUT", f"/{UBI_QUERIES}/_doc/{catalogue}:{name}", {**document, "timestamp": now_ms()})
        raw = {
            "application": catalogue,
            "action_name": "click",
            "query_id": "q1",
            "timestamp": now_ms(),
            "event_attributes": {"object": {"object_id": "b"}},
        }
        event = read_event(raw, pseudonyms=load(tmp_path), now_ms=now_ms(), default=catalogue)
        assert store(engine, [event])[0].kind == "stored"
        assert search_log(engine, catalogue) == [Shown("q1", "lamp", ("a", "b"), frozenset({"b"}))]


def test_the_ranker_that_was_logged_gets_what_the_log_got(
    engine_url: str, service_home: Path, evaluate: Evaluate
) -> None:
    name = "logged-sample"
    index_part(engine_url, service_home, name, 60)
    queries = ["lamp", "running shoes", "blue mug", "desk chair"]
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        for number, text in enumerate(queries):
            shown = [item for item, _ in search_ids(engine, name, "bm25", text=text, text_vector=None, size=10)]
            query = f"logged-{number}"
            document = {"application": name, "query_id": query, "user_query": text, "timestamp": now_ms()}
            document["query_response_object_ids"] = shown
            engine.request("PUT", f"/{UBI_QUERIES}/_doc/{name}:{query}", document)
    answer = evaluate("--log", "--index", name, "--system", "bm25", "hybrid", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)["systems"]
    assert found["bm25"]["shown"] == found["hybrid"]["shown"] > 0
    assert 0 < found["hybrid"]["effective"] <= found["bm25"]["effective"] <= found["bm25"]["shown"]


@pytest.mark.slow
def test_shoppers_choose_between_two_systems(evaluate: Evaluate) -> None:
    answer = evaluate("--interleave", "bm25", "hybrid", "--shoppers", 12, "--days", 3, "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert sum(found["wins"].values()) > 0
    assert 0.0 <= found["low"] <= found["preference"] <= found["high"] <= 1.0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--system", "bm25"], "--queries and --qrels"),
        (["--interleave", "bm25", "bm25"], "two different systems"),
        (["--interleave", "bm25", "nonsense"], "nonsense"),
        (["--log"], "--system"),
    ],
)
def test_bad_options_are_named(evaluate: Evaluate, arguments: list[str], reason: str) -> None:
    answer = evaluate(*arguments)
    assert answer.returncode != 0
    assert reason in " ".join(answer.stderr.split())
