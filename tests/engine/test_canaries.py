"""Planted personal strings are looked for everywhere that they must not be: engine, raw index files, key store, logs,
metrics, errors, file names."""

from __future__ import annotations

import json
import socket
import time
import uuid
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from personal.subject import Subject
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.names import BEHAVIOUR, DUELS, JUDGMENTS, MERCHANDISING, PROFILES, SOCIAL, UBI_EVENTS, UBI_QUERIES
from service.cli import build
from service.persons import mint
from tests.fixtures_service import Running, settings_of

pytestmark = pytest.mark.engine
INDICES = (BEHAVIOUR, PROFILES, UBI_EVENTS, UBI_QUERIES, "hybridrank-suggestions")
STATE = (*INDICES, JUDGMENTS, SOCIAL, DUELS, MERCHANDISING)


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


def test_what_is_said_beside_events_stands_nowhere_either(
    service: Running, service_home: Path, engine_url: str, engine_folder: Path | None, tmp_path: Path
) -> None:
    """Graph, judgments, explanations, headers, parameters, broken requests and lines of a catalogue that fail."""
    who, mail = f"canary{uuid.uuid4().hex}", f"canary{uuid.uuid4().hex}@example.org"
    address = f"{int(uuid.uuid4().hex[:4], 16) + 10_000} Canary{uuid.uuid4().hex[:12]} Street, Dayton, OH 45401"
    kept = "word" + uuid.uuid4().hex
    token = mint(service_home / "secrets" / "person-tokens.json", Subject("default", who), make_key=True)
    headers = {
        "X-Hybridrank-Person": token,
        "X-Hybridrank-Session": "visit-" + who,
        "User-Agent": who,
        "X-Forwarded-For": who,
        "Referer": f"https://example.org/{who}",
        "Accept-Language": who,
    }
    with httpx.Client(base_url=service.url, timeout=120, headers=headers) as client:
        said = f"{kept} lamp {mail} {address}"
        found = client.post("/v1/search", json={"query": said}).json()["results"]
        item = found[0]["id"]
        judged = client.post("/v1/judgments", json={"query": said, "judgments": [{"id": item, "grade": 2}]})
        assert judged.status_code == 200, judged.text
        of_it = client.get("/v1/judgments", params={"query": said})
        assert of_it.json()["judgments"] == [{"id": item, "grade": 2}], "it is found by what was typed"
        answers = [
            client.post("/v1/graph", json={"edges": [[who, "friend-of-" + who], [who, who]]}),
            client.put("/v1/sharing"),
            client.post("/v1/explain", json={"query": said, "id": item, "passes": 0}),
            client.post("/v1/explain", json={"query": said, "id": who}),
            client.post("/v1/tuning/compare", json={"query": said, "systems": ["bm25", "rrf"], "size": 1}),
            client.post("/v1/tuning/pages", json={"query": said, "systems": ["bm25", "rrf"], "size": 1}),
            client.post("/v1/search", json={"query": "lamp", "sort": who}),
            client.post("/v1/search", json={"query": "lamp", "filters": {"brand": {"gte": who}}}),
            client.post("/v1/search", json={"query": "lamp", "index": who}),
            client.get("/v1/recommend", params={"item": item, "exclude": who, "size": who}),
            client.get("/v1/profile"),
            client.request(who.upper(), "/v1/search"),
        ]
        refused = [one.status_code for one in answers]
        client.get(f"/{who}")
    host, port = service.url.removeprefix("http://").split(":")
    for raw in (f"GET /v1/suggest?q={who} {mail} HTTP/1.1\r\n\r\n", f"GET / HTTP/1.1\r\n{who} a: {mail}\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(raw.encode())
            connection.makefile("rb").read()
    others = httpx.get(service.url + "/v1/suggest", params={"q": kept[:8]}, timeout=60)
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        engine.request("POST", f"/{','.join(STATE)}/_flush", params={"force": "true"})
        held = {index: json.dumps(engine.search(index, {"size": 10_000})) for index in STATE}
    metrics = httpx.get(service.url + "/metrics", timeout=60).text
    roots = [service_home / "audit", service_home / "keys", *([engine_folder] if engine_folder else [])]
    files = {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}
    assert any("audit" in name for name in files)
    places = {**{name: text.encode() for name, text in held.items()}, **files}
    places |= {"log": service.log.read_bytes(), "metrics": metrics.encode(), "to others": others.content}
    for canary in (who, mail, mail.partition("@")[0], address, address.split()[1]):
        for where, content in places.items():
            assert canary.encode() not in content, (where, refused)
            assert canary.lower().encode() not in content, (where, refused)
    # What may be kept is found by the same search of the same places, so the search would have found the rest.
    assert kept in held[UBI_QUERIES]
    assert kept in held[JUDGMENTS]
    if engine_folder is not None:
        assert any(kept.encode() in content for name, content in files.items() if str(engine_folder) in name)


def test_a_line_that_fails_is_kept_in_the_shops_own_file_alone(
    service_home: Path, engine_url: str, sample_index: str, tmp_path: Path
) -> None:
    canary, file = f"canary{uuid.uuid4().hex}", tmp_path / "lines.jsonl"
    good = {"id": "canary-lines-1", "title": "A lamp"}
    file.write_text(json.dumps(good) + "\n" + json.dumps({"id": canary, "title": 7, "price": canary}) + "\n")
    run = CliRunner().invoke(
        build(), ["index", str(file), "--index", "canary-lines", "--json"], env=settings_of(engine_url, service_home)
    )
    assert run.exit_code == 3, run.stderr
    letters = Path(json.loads(run.stdout)["dead_letters"])
    assert canary in letters.read_text()
    assert letters.stat().st_mode & 0o077 == 0
    assert canary not in run.stdout + run.stderr
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        assert canary not in json.dumps(engine.search("canary-lines", {"size": 10}))


@pytest.fixture
def engine_folder(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The raw files of the session's own node; ``None`` where the engine is another's."""
    for folder in tmp_path_factory.getbasetemp().glob("engine*"):
        running = LocalCluster(folder).status()
        if running is not None and running.url == engine_url:
            return folder / "engine" / "run"
    return None
