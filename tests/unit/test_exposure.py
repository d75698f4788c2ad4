"""The service does not begin where it would let others in."""

from __future__ import annotations

import base64
import json
import secrets

import pytest

from personal.errors import SecretUnusable
from personal.secretfiles import guessable
from service import exposure
from service.exposure import Exposed
from service.keys import KeysError
from service.settings import Settings

LOOPBACK = "127.0.0.1"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDRANK_HOME", str(tmp_path))
    return tmp_path


def begin(host=LOOPBACK, *, demo=False, **environment):
    exposure.check(Settings(), host, demo=demo, environment=environment)


@pytest.mark.parametrize(
    ("name", "value"), [("FLASK_DEBUG", "1"), ("FLASK_ENV", "development"), ("PYTHONBREAKPOINT", "ipdb.set_trace")]
)
def test_a_debugger_is_refused(home, name, value):
    with pytest.raises(Exposed, match=name):
        begin(**{name: value})
    with pytest.raises(Exposed, match=name):
        begin(demo=True, **{name: value})
    begin(FLASK_DEBUG="0", FLASK_ENV="production")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "93.184.216.34", "2606:2800:220:1::1", "shop.example"])
def test_plain_http_for_everybody_is_refused(home, monkeypatch, host):
    with pytest.raises(Exposed, match="HYBRIDRANK_TLS_BY_PROXY"):
        begin(host)
    monkeypatch.setenv("HYBRIDRANK_TLS_BY_PROXY", "true")
    begin(host)


@pytest.mark.parametrize("host", [LOOPBACK, "::1", "localhost", "10.0.0.7", "192.168.1.2"])
def test_addresses_that_the_world_cannot_reach_are_taken(home, host):
    begin(host)


@pytest.mark.parametrize("secret", [b"changeme" * 4, bytes(32), b"0123456789abcdef" * 2, b"\x01\x02\x03\x04" * 8])
def test_secrets_that_were_made_up_are_refused(home, monkeypatch, secret):
    text = base64.b64encode(secret).decode()
    monkeypatch.setenv("HYBRIDRANK_MASTER_KEYS", json.dumps({"keys": {"1": text}}))
    with pytest.raises(SecretUnusable, match="made up") as refused:
        begin()
    assert text not in str(refused.value)
    monkeypatch.delenv("HYBRIDRANK_MASTER_KEYS")
    path = Settings().person_keys_path
    path.parent.mkdir(parents=True, exist_ok=True)
    key = {
        "kty": "oct",
        "kid": "k",
        "k": base64.urlsafe_b64encode(secret).rstrip(b"=").decode(),
        "alg": "HS256",
        "tenant": "default",
    }
    path.write_text(json.dumps({"keys": [key]}))
    with pytest.raises(KeysError, match="made up") as refused:
        begin()
    assert key["k"] not in str(refused.value)


def test_drawn_secrets_are_taken():
    assert not any(guessable(secrets.token_bytes(32)) for _ in range(10_000))


def test_nothing_is_made_by_looking(home):
    begin()
    assert list(home.iterdir()) == []
