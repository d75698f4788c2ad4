"""Systems side by side, interleaved pages with their clicks, and weights of signals, over a real service."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures_service import INDEX, Running, index_part

pytestmark = pytest.mark.engine

NAME = f"tuned-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def tuned(engine_url: str, service_home: Path, sample_index: str) -> str:
    assert sample_index == INDEX
    index_part(engine_url, service_home, NAME, 80)
    return NAME


def call(service: Running, method: str, path: str, **body: Any) -> Any:
    answer = httpx.request(method, service.url + path, json=body or None, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_two_systems_answer_as_each_does_alone(service: Running, tuned: str) -> None:
    asked = {"query": "desk lamp", "index": tuned}
    both = call(service, "POST", "/v1/tuning/compare", systems=["bm25", "ranked"], size=6, **asked)
    first, second = both["answers"]
    alone = call(service, "POST", "/v1/search", size=6, **asked)["results"]
    assert [one["id"] for one in second["results"]] == [one["id"] for one in alone]
    assert [one["rank"] for one in first["results"]] == list(range(1, len(first["results"]) + 1))
    assert first["results"]
    assert first["system"] == "bm25"
    heavy = call(
        service, "POST", "/v1/tuning/compare", systems=["ranked", "weighted"], weights={"price": -10.0}, size=6, **asked
    )
    prices = [[one["source"]["price"] for one in answer["results"]] for answer in heavy["answers"]]
    assert sum(prices[1]) < sum(prices[0])


def test_clicks_on_interleaved_pages_decide(service: Running, tuned: str) -> None:
    systems = ["bm25", "text_vector"]
    asked = {"query": "something warm for the winter", "index": tuned, "systems": systems}
    lists = [
        [one["id"] for one in answer["results"]]
        for answer in call(service, "POST", "/v1/tuning/compare", size=10, **asked)["answers"]
    ]
    assert lists[0] != lists[1]
    for _ in range(4):
        page = call(service, "POST", "/v1/tuning/pages", size=10, **asked)
        shown = [one["id"] for one in page["results"]]
        assert "team" not in str(page)
        only = next(item for item in lists[1] if item in shown and item not in lists[0])
        for _ in range(2):
            call(service, "POST", "/v1/tuning/pages/click", page_id=page["page_id"], id=only, index=tuned)
    place = f"/v1/tuning/duel?a={systems[0]}&b={systems[1]}&index={tuned}"
    duel = call(service, "GET", place)
    assert (duel["a"], duel["b"], duel["ties"], duel["pages"]) == (0, 4, 0, 4)
    assert duel["preference"]["mean"] == 1.0
    assert call(service, "GET", f"/v1/tuning/duel?a=hybrid&b=rrf&index={tuned}")["pages"] == 0
    unknown = {"page_id": "0" * 24, "id": "x", "index": tuned}
    assert httpx.post(f"{service.url}/v1/tuning/pages/click", json=unknown, timeout=60).status_code == 404


def test_weights_are_measured_on_what_was_judged_saved_and_followed(service: Running, tuned: str) -> None:
    def searched() -> list[dict[str, Any]]:
        return call(service, "POST", "/v1/search", query="desk lamp", index=tuned, size=8)["results"]

    before = searched()
    dear = sorted(before, key=lambda one: -one["source"]["price"])[:2]
    rows = [{"id": one["id"], "grade": 3 if one in dear else 0} for one in before]
    call(service, "POST", "/v1/judgments", query="desk lamp", index=tuned, judgments=rows)
    weights = {"price": 9.0}
    until = time.monotonic() + 120
    while True:
        found = call(service, "POST", "/v1/tuning/weigh", index=tuned, weights=weights)
        if found["ready"] == found["total"] == 1 and not found["pending"]:
            break
        assert time.monotonic() < until, found
        time.sleep(0.5)
    assert found["ndcg@10"]["mean"] > found["served"]["mean"]
    assert (found["better"], found["worse"]) == (1, 0)
    asked = {"query": "desk lamp", "index": tuned, "systems": ["ranked", "weighted"], "weights": weights}
    ranked, weighted = call(service, "POST", "/v1/tuning/compare", size=8, **asked)["answers"]
    assert weighted["ndcg@10"] == pytest.approx(found["ndcg@10"]["mean"], abs=1e-6)
    assert ranked["ndcg@10"] == pytest.approx(found["served"]["mean"], abs=1e-6)
    try:
        assert call(service, "PUT", "/v1/tuning/weights", weights=weights)["weights"] == weights
        assert [one["id"] for one in searched()] == [one["id"] for one in weighted["results"]]
    finally:
        call(service, "PUT", "/v1/tuning/weights", weights={})
    assert [one["id"] for one in searched()] == [one["id"] for one in before]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("compare", {"query": "a", "systems": ["bm25", "best"]}, "system"),
        ("compare", {"query": "a", "systems": ["bm25"]}, "systems"),
        ("compare", {"query": "a", "systems": ["bm25", "model:none"]}, "systems"),
        ("compare", {"query": " ", "systems": ["bm25", "rrf"]}, "query"),
        ("weigh", {"weights": {"colour": 1.0}}, "weights"),
        ("weigh", {"weights": {"bm25": 99.0}}, "weights.bm25"),
    ],
)
def test_what_cannot_be_names_its_field(service: Running, path: str, body: dict[str, Any], field: str) -> None:
    answer = httpx.post(f"{service.url}/v1/tuning/{path}", json=body, timeout=60)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_model_that_is_fixed_is_not_changed(service: Running) -> None:
    found = call(service, "GET", "/v1/models")
    assert found["fixed"] is True
    assert [one["name"] for one in found["models"] if one["served"]] == ["default"]
    answer = httpx.put(f"{service.url}/v1/models", json={"name": "default"}, timeout=60)
    assert answer.status_code == 409
