"""A lost master key: the service goes on without profiles, says so, and harms nothing else."""

from __future__ import annotations

import base64
import json
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from personal.subject import Subject
from service.parts import Parts
from service.persons import mint
from service.settings import Settings
from tests.fixtures_service import settings_of, start_service

pytestmark = pytest.mark.engine

WAIT_S = 120


def master(**keys: bytes) -> str:
    return json.dumps({"keys": {number[1:]: base64.b64encode(key).decode() for number, key in keys.items()}})


def counted(url: str, name: str) -> float:
    lines = httpx.get(f"{url}/metrics", timeout=WAIT_S).text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name) and "_created" not in line)


def test_a_lost_master_key_costs_its_people_their_profiles_and_nobody_anything_else(
    engine_url: str, service_home: Path, sample_index: str, tmp_path: Path
) -> None:
    (tmp_path / "models").symlink_to((service_home / "models").resolve())
    lost = Subject("default", f"lost-{uuid.uuid4().hex}@example.org")
    settings = Settings(
        home=tmp_path,
        opensearch_url=engine_url,
        index=sample_index,
        opensearch_timeout_s=60,
        master_keys=master(n1=bytes(range(100, 132))),
    )
    parts = Parts(settings)
    pseudonym = parts.keystore.obtain(lost.tenant, lost.subject).pseudonym
    parts.close()

    keys = tmp_path / "secrets" / "person-tokens.json"
    as_lost = {"X-Hybridrank-Person": mint(keys, lost, make_key=True)}
    as_other = {"X-Hybridrank-Person": mint(keys, Subject("default", "other"), make_key=True)}
    environment = settings_of(engine_url, tmp_path)
    running = start_service(tmp_path, "--demo", **environment, HYBRIDRANK_MASTER_KEYS=master(n2=bytes(range(200, 232))))
    try:

        def asked(path: str, who: dict[str, str], **query: Any) -> dict[str, Any]:
            answer = httpx.get(f"{running.url}{path}", params=query, headers=who, timeout=WAIT_S)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        def searched(who: dict[str, str]) -> dict[str, Any]:
            body = {"query": f"watch {uuid.uuid4().hex[:4]}"}
            answer = httpx.post(f"{running.url}/v1/search", json=body, headers=who, timeout=WAIT_S)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        without = counted(running.url, "hybridrank_searches_without_total")
        found = searched(as_lost)
        item = found["results"][0]["id"]
        assert found["degraded"] == "profile"
        assert asked("/v1/recommend", as_lost, item=item)["degraded"] == "profile"
        assert asked("/v1/suggest", as_lost, q="wa")["degraded"] == "profile"
        assert counted(running.url, "hybridrank_searches_without_total") >= without + 3
        assert httpx.get(f"{running.url}/readyz", timeout=WAIT_S).status_code == 200

        event = {
            "action_name": "purchase",
            "timestamp": int(time.time() * 1000),
            "event_attributes": {"object": {"object_id": item}},
        }
        # The store's own key is wrapped by the lost one, so a newcomer goes without a profile as well; nobody does not.
        assert searched(as_other)["degraded"] == "profile"
        assert "degraded" not in searched({})
        for who in (as_lost, as_other, {}):
            sent = httpx.post(
                f"{running.url}/v1/events", json={**event, "event_id": uuid.uuid4().hex}, headers=who, timeout=WAIT_S
            )
            assert sent.status_code == (503 if who else 200), sent.text
        # What is asked about the person themselves is refused, with the reason and without a word of who they are.
        held = httpx.get(f"{running.url}/v1/profile", headers=as_lost, timeout=WAIT_S)
        assert (held.status_code, held.json()["type"]) == (503, "urn:hybridrank:problem:master-key-lost")
        for text in (held.text, running.log.read_text()):
            assert lost.subject not in text
            assert pseudonym not in text
    finally:
        assert running.stop() == 0, running.log.read_text()

    # Found again, the key opens what it opened before: nothing was overwritten meanwhile.
    again = Parts(settings)
    try:
        assert again.keystore.obtain(lost.tenant, lost.subject).pseudonym == pseudonym
    finally:
        again.close()
