"""Planted personal strings are looked for everywhere that they must not be: engine, raw index files, key store, logs,
metrics, errors, file names."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import httpx
import pytest

from personal.subject import Subject
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.names import BEHAVIOUR, PROFILES, UBI_EVENTS, UBI_QUERIES
from service.persons import mint
from tests.fixtures_service import Running

pytestmark = pytest.mark.engine
INDICES = (BEHAVIOUR, PROFILES, UBI_EVENTS, UBI_QUERIES, "hybridrank-suggestions")


def test_who_somebody_is_stands_nowhere_in_the_clear(
    service: Running, service_home: Path, engine_url: str, engine_folder: Path | None
) -> None:
    name, visit = f"Canary{uuid.uuid4().hex}@example.org", "visitcanary" + uuid.uuid4().hex
    token = mint(service_home / "secrets" / "person-tokens.json", Subject("default", name), make_key=True)
    headers = {"X-Hybridrank-Person": token, "X-Hybridrank-Session": visit}
    found = httpx.post(service.url + "/v1/search", json={"query": f"lamp {name}"}, headers=headers, timeout=90).json()
    event = {
        "action_name": "click",
        "event_id": str(uuid.uuid4()),
        "timestamp": int(time.time() * 1000),
        "client_id": name,
        "session_id": visit,
        "user_id": name,
        "query_id": found["query_id"],
        "event_attributes": {"object": {"object_id": found["results"][0]["id"]}, "email": name, "note": f"mail {name}"},
    }
    sent = httpx.post(
        service.url + "/v1/events", json=[event, {**event, "timestamp": name}], headers=headers, timeout=90
    )
    assert sent.json()["accepted"] == 1
    answers = [
        httpx.get(service.url + "/v1/suggest", params={"q": "l"}, headers=headers, timeout=60),
        httpx.get(service.url + "/v1/suggest", params={"size": name}, headers=headers, timeout=60),
        httpx.get(service.url + "/v1/profile", headers=headers, timeout=60),
        httpx.get(service.url + "/v1/profile", headers={"X-Hybridrank-Person": token[:-3] + "abc"}, timeout=60),
        httpx.get(service.url + "/metrics", timeout=60),
        sent,
    ]
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        engine.request("POST", f"/{','.join(INDICES)}/_flush", params={"force": "true"})
        held = [json.dumps(engine.search(index, {"size": 10_000})) for index in INDICES]
        profile = engine.search(PROFILES, {"size": 1000})["hits"]["hits"]
    places = {
        **{f"answer {number}": answer.content for number, answer in enumerate(answers)},
        **{f"index {index}": text.encode() for index, text in zip(INDICES, held, strict=True)},
        "log": service.log.read_bytes(),
    }
    roots = [service_home / "keys", service_home / "secrets", *([engine_folder] if engine_folder else [])]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    places |= {f"file {path}": path.read_bytes() for path in files}
    names = "\n".join(map(str, files))
    for canary in (name, name.lower(), name.split("@", maxsplit=1)[0], visit):
        assert canary not in names
        for where, content in places.items():
            assert canary.encode() not in content, where
    # What somebody likes stands only sealed: nothing but these fields is in a record.
    fields = {"kind", "catalogue", "tenant", "owner", "format", "day", "sealed", "person"}
    assert profile
    assert all(hit["_source"].keys() <= fields for hit in profile)
    assert engine_folder is None or len(files) > 20


@pytest.fixture
def engine_folder(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The raw files of the session's own node; ``None`` where the engine is another's."""
    for folder in tmp_path_factory.getbasetemp().glob("engine*"):
        running = LocalCluster(folder).status()
        if running is not None and running.url == engine_url:
            return folder / "engine" / "run"
    return None
