"""Reads of personal data leave a line, and the line says nothing personal."""

from __future__ import annotations

import json

import pytest

from service import keys, metrics, persons
from service.app import create_app
from service.keys import KeyRing
from service.keystores import open_keystore
from service.settings import Settings
from tests.access.tampered import Signer

CANARY = "canary-of-the-audit@example.org"


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDRANK_HOME", str(tmp_path))
    monkeypatch.setenv("OPENSEARCH_URL", "http://127.0.0.1:9")
    settings = Settings()
    key = keys.add(settings.keys_path, tenant="acme", role="shop")
    signer = Signer(persons.rotate(settings.person_keys_path, "acme"))
    app = create_app(settings, ring=KeyRing(settings.keys_path))
    headers = {"Authorization": f"Bearer {key}", "X-Hybridrank-Person": signer.sign(sub=CANARY)}
    yield app.test_client(), settings, headers
    app.extensions["hybridrank"].close()


def lines(settings) -> list[dict]:
    return [
        json.loads(line) for path in (settings.home / "audit").glob("*.jsonl") for line in path.read_text().splitlines()
    ]


def test_a_read_is_told_by_pseudonym_and_nothing_else(world):
    client, settings, headers = world
    store = open_keystore(settings)
    pseudonym = store.obtain("acme", CANARY).pseudonym
    store.close()
    # No engine answers, so nothing is read in the end; that it was asked for stands there with its status.
    status = client.get("/v1/profile", headers=headers).status_code
    (line,) = lines(settings)
    assert line.pop("time").endswith("Z")
    assert line == {"role": "shop", "tenant": "acme", "endpoint": "profile.held", "status": status, "owner": pseudonym}
    client.post("/v1/search", headers=headers, json={"query": CANARY})
    assert [line["endpoint"] for line in lines(settings)] == ["profile.held", "search.search"]
    (path,) = (settings.home / "audit").glob("*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    assert CANARY not in path.read_text()
    assert headers["X-Hybridrank-Person"] not in path.read_text()


def test_what_reads_nothing_personal_leaves_no_line(world):
    client, settings, headers = world
    client.post("/v1/rerank", headers=headers, json={"query": "boots", "documents": ["boots"]})
    nobody = {"Authorization": headers["Authorization"]}
    client.post("/v1/search", headers=nobody, json={"query": "boots"})
    assert lines(settings) == []


def test_somebody_unknown_has_no_pseudonym(world):
    client, settings, headers = world
    client.delete("/v1/profile", headers=headers)
    assert [(line["endpoint"], line["owner"]) for line in lines(settings)] == [("profile.erase", None)]


def test_a_log_that_cannot_be_written_is_counted(world):
    client, settings, headers = world
    (settings.home / "audit").write_text("not a folder")
    before = metrics.AUDIT_FAILURES._value.get()
    client.get("/v1/profile", headers=headers)
    assert metrics.AUDIT_FAILURES._value.get() == before + 1
