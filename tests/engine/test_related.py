"""Related queries and documents, on shop items and on a collection of documents, through a real service."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from personal.counters import Family
from personal.event_times import now_ms
from personal.intake import Intake
from personal.pseudonyms import load
from personal.related import RelatedQueries
from personal.suggestions.book import Entry
from personal.suggestions.store import replace_phrases
from personal.suggestions.text import key
from plugin.catalogue import create_generation, publish
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import BEHAVIOUR, SUGGESTIONS
from tests.fixtures_service import Running

pytestmark = pytest.mark.engine
WAIT_S = 120


def click(catalogue: str, person: str, query: str, item: str) -> dict[str, Any]:
    return {
        "application": catalogue,
        "action_name": "click",
        "event_id": uuid.uuid4().hex,
        "client_id": person,
        "user_query": query,
        "timestamp": now_ms(),
        "event_attributes": {"object": {"object_id": item}},
    }


def test_queries_that_led_to_the_same_films_or_mean_something_near(engine_url: str, tmp_path: Path) -> None:
    catalogue = f"films-{uuid.uuid4().hex[:8]}"
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        install(engine)
        publish(engine, create_generation(engine, catalogue, text_encoder=None))
        for item in ("alien", "aliens", "amelie", "brazil"):
            engine.request("PUT", f"/{catalogue}/_doc/{item}", {"id": item, "title": item})
        pseudonyms = load(tmp_path)
        family = Family(30.0, pseudonyms.key_id, 1)
        events = [
            click(catalogue, f"p{person}", query, item)
            for person in range(4)
            for query, item in (
                ("space horror", "alien"),
                ("space horror", "aliens"),
                ("monster in space", "alien"),
                ("monster in space", "aliens"),
                ("paris romance", "amelie"),
                ("dystopia", "brazil"),
                ("secret of one person", "alien"),
            )
        ]
        assert Intake(engine, pseudonyms, family).take(events, default=catalogue).fold_failed == ""
        texts = ("space horror", "monster in space", "paris romance", "dystopia", "scary spaceship")
        entries = [Entry(text, key(text), "phrase", 0.5) for text in texts]
        replace_phrases(engine, catalogue, entries, now_ms())
        engine.request("POST", f"/{BEHAVIOUR},{SUGGESTIONS}/_refresh")
        directions = {"space horror": 0.0, "scary spaceship": 0.5, "monster in space": 1.4}

        def encode(given: Any) -> Any:
            angles = [directions.get(text, np.pi / 2) for text in given]
            return np.stack([[np.cos(angle), np.sin(angle)] for angle in angles]).astype(np.float32)

        found = RelatedQueries(engine, pseudonyms, family).of(catalogue, "Space  horror", 5, encode)
        assert {one.text: one.reason for one in found} == {
            "scary spaceship": "means something near",
            "monster in space": "led to the same items",
        }
        alone = RelatedQueries(engine, pseudonyms, family).of(catalogue, "space horror", 5, None)
        assert [one.text for one in alone] == ["monster in space"]
        assert RelatedQueries(engine, pseudonyms, family).of(catalogue, " ", 5, None) == []


def test_a_result_page_brings_documents_beside_those_shown(service: Running) -> None:
    body = {"query": "desk lamp", "size": 5}
    results = httpx.post(f"{service.url}/v1/search", json=body, timeout=WAIT_S).json()["results"]
    shown = [result["id"] for result in results]
    url = f"{service.url}/v1/related"
    answer = httpx.get(url, params={"query": "desk lamp", "shown": ",".join(shown), "size": 4}, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert len(found["documents"]) == 4
    assert not {one["id"] for one in found["documents"]} & set(shown)
    assert "degraded" not in found
    assert httpx.get(url, timeout=WAIT_S).status_code == 422
    assert httpx.get(url, params={"query": "x", "index": "no-such"}, timeout=WAIT_S).status_code == 404
    assert httpx.get(url, params={"query": "x", "shown": "nothing"}, timeout=WAIT_S).status_code == 404
