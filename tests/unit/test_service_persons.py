"""Person tokens: made by the shop's key, refused when anything about them cannot be right."""

import base64
import json
import stat
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from personal.subject import Subject
from service import persons
from service.keys import KeysError
from service.persons import PersonTokens, TokenRefused, mint, rotate

ADA = Subject("acme", "ada@example.org")


@pytest.fixture
def file(tmp_path):
    rotate(tmp_path / "secrets" / "person-tokens.json", "acme")
    return tmp_path / "secrets" / "person-tokens.json"


def key_of(file, place=-1):
    return json.loads(file.read_text())["keys"][place]


def claims(**changes):
    now = int(time.time())
    given = {"sub": "ada", "aud": "hybridrank", "tenant": "acme", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in given.items() if value is not ...}


def signed(file, given, *, alg="HS256", kid=None, secret=None):
    """A token with any content; nothing here helps it to be right."""
    own = key_of(file)
    header = {"alg": alg, "kid": own["kid"] if kid is None else kid}
    key = OctKey.import_key({"kty": "oct", "k": secret or own["k"]})
    return jwt.encode(header, given, key, algorithms=["HS256", "HS384", "HS512"])


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_of_the_shop_names_the_person(file):
    assert PersonTokens(file).person(mint(file, ADA), "acme") == ADA
    assert PersonTokens(file).person(signed(file, claims(aud=["other", "hybridrank"])), "acme").subject == "ada"


def test_the_file_is_private_and_a_person_does_not_show_in_a_trace(file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "ada" not in repr(ADA)
    assert key_of(file)["k"] not in repr(persons.read(file))


def test_what_another_implementation_signs_is_accepted(file):
    import hashlib
    import hmac

    own = key_of(file)
    secret = base64.urlsafe_b64decode(own["k"] + "=" * (-len(own["k"]) % 4))
    text = part({"typ": "JWT", "alg": "HS256", "kid": own["kid"]}) + "." + part(claims(sub="grace"))
    signature = part(hmac.new(secret, text.encode(), hashlib.sha256).digest())
    assert PersonTokens(file).person(f"{text}.{signature}", "acme") == Subject("acme", "grace")


def wrong_claims() -> dict[str, dict[str, object]]:
    """By what is wrong; made anew for each test, for some are relative to now."""
    return {
        "expired": {"exp": int(time.time()) - 1},
        "expires now": {"exp": 1},
        "no exp": {"exp": ...},
        "exp null": {"exp": None},
        "exp text": {"exp": "4102444800"},
        "exp true": {"exp": True},
        "exp infinite": {"exp": float("inf")},
        "exp NaN": {"exp": float("nan")},
        "exp beyond a day": {"exp": int(time.time()) + 86_500},
        "exp of 400 digits": {"exp": 10**400},
        "iat in the future": {"iat": int(time.time()) + 3000},
        "no iat": {"iat": ...},
        "iat text": {"iat": "0"},
        "iat fraction and exp of 400 digits": {"iat": 0.5, "exp": 10**400},
        "other audience": {"aud": "somebody-else"},
        "audiences without us": {"aud": ["a", "b"]},
        "no audience": {"aud": ...},
        "audience an object": {"aud": {"hybridrank": 1}},
        "other tenant": {"tenant": "umbrella"},
        "no tenant": {"tenant": ...},
        "tenants": {"tenant": ["acme", "umbrella"]},
        "no subject": {"sub": ...},
        "empty subject": {"sub": ""},
        "subject a number": {"sub": 7},
        "subject a list": {"sub": ["ada"]},
        "long subject": {"sub": "a" * 257},
        "not yet": {"nbf": int(time.time()) + 3000},
    }


@pytest.mark.parametrize("what", wrong_claims())
def test_a_claim_that_cannot_be_right_is_refused(file, what):
    token = signed(file, claims(**wrong_claims()[what]))
    with pytest.raises(TokenRefused) as refused:
        PersonTokens(file).person(token, "acme")
    assert "ada" not in str(refused.value)


def test_a_clock_that_goes_a_little_ahead_is_no_reason(file):
    ahead = int(time.time()) + 30
    assert PersonTokens(file).person(signed(file, claims(iat=ahead)), "acme")


def test_tampered_tokens_are_refused(file):
    good = mint(file, ADA)
    head, body, signature = good.split(".")
    kid = key_of(file)["kid"]
    other = OctKey.generate_key(256).as_dict()["k"]
    wrong = [
        f"{part({'alg': 'none', 'kid': kid})}.{body}.",
        f"{part({'alg': 'none', 'kid': kid})}.{body}.{signature}",
        f"{part({'alg': 'None', 'kid': kid})}.{body}.{signature}",
        f"{part({'alg': ['HS256'], 'kid': kid})}.{body}.{signature}",
        signed(file, claims(), alg="HS512"),
        signed(file, claims(), alg="HS384"),
        signed(file, claims(), secret=other),
        signed(file, claims(), kid="nobody"),
        f"{part({'alg': 'HS256'})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'kid': 7})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'kid': kid, 'crit': ['b64'], 'b64': False})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'jwk': {'kty': 'oct', 'k': other}})}.{body}.{signature}",
        f"{body}.{head}.{signature}",
        f"{head}.{signature}.{body}",
        f"{signature}.{body}.{head}",
        f"{head}.{part(claims(sub='eve'))}.{signature}",
        f"{head}.{body}.{signature[:-2]}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{good}.{signature}",
        good + "=",
        good + " ",
        good + "\n",
        good.replace(".", ".."),
        "",
        "nonsense",
        "é.é.é",
        f"{part(b'[' * 2900)}.{body}.{signature}",
        f"{part([])}.{body}.{signature}",
        "a" * 100_000,
    ]
    for token in wrong:
        with pytest.raises(TokenRefused):
            PersonTokens(file).person(token, "acme")
    flipped = 0
    for place, letter in enumerate(good):
        if letter == ".":
            continue
        changed = good[:place] + ("A" if letter != "A" else "B") + good[place + 1 :]
        if place == len(good) - 1:
            continue  # its last bits are no part of the signature's 32 bytes
        with pytest.raises(TokenRefused):
            PersonTokens(file).person(changed, "acme")
        flipped += 1
    assert flipped > 200


def test_a_tenant_cannot_speak_of_anothers_people(file):
    rotate(file, "umbrella")
    umbrella = key_of(file)
    assert umbrella["tenant"] == "umbrella"
    forged = signed(file, claims(tenant="acme"), kid=umbrella["kid"], secret=umbrella["k"])
    with pytest.raises(TokenRefused):
        PersonTokens(file).person(forged, "acme")
    with pytest.raises(TokenRefused):
        PersonTokens(file).person(mint(file, ADA), "umbrella")


def test_an_old_key_counts_for_a_day_after_a_rotation_or_is_revoked_at_once(file, monkeypatch):
    tokens = PersonTokens(file)
    old = mint(file, ADA)
    rotate(file, "acme")
    assert tokens.person(old, "acme") == ADA
    assert tokens.person(mint(file, ADA), "acme") == ADA
    assert key_of(file, 0)["retires"] - time.time() == pytest.approx(86_400, abs=600)
    rotate(file, "umbrella", revoke=True)
    assert tokens.person(old, "acme") == ADA
    rotate(file, "acme", revoke=True)
    with pytest.raises(TokenRefused):
        tokens.person(old, "acme")
    assert tokens.person(mint(file, ADA), "acme") == ADA


def test_a_retired_key_signs_nothing(file):
    token = mint(file, ADA)
    stored = json.loads(file.read_text())
    stored["keys"][0]["retires"] = time.time() - 1
    file.write_text(json.dumps(stored))
    with pytest.raises(TokenRefused):
        PersonTokens(file).person(token, "acme")
    with pytest.raises(KeysError, match="person-key"):
        mint(file, ADA)
    rotate(file, "acme")
    assert len(json.loads(file.read_text())["keys"]) == 1


def test_without_a_file_every_token_is_refused(file):
    token = mint(file, ADA)
    tokens = PersonTokens(file)
    assert tokens.person(token, "acme")
    file.unlink()
    with pytest.raises(TokenRefused):
        tokens.person(token, "acme")


SHORT = {"kty": "oct", "kid": "a", "k": "c2hvcnQ", "alg": "HS256", "tenant": "acme"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"keys": 1}',
        json.dumps({"keys": [SHORT]}),
        json.dumps({"keys": [{**SHORT, "k": "A" * 43, "alg": "none"}]}),
        json.dumps({"keys": [{**SHORT, "k": "A" * 43, "kty": "RSA"}]}),
        json.dumps({"keys": [{**SHORT, "k": "A" * 43}] * 2}),
        json.dumps({"keys": [{**SHORT, "k": "ä" * 43}]}),
    ],
)
def test_a_damaged_file_is_said_without_its_secrets(file, content):
    token = mint(file, ADA)
    file.write_text(content)
    with pytest.raises(KeysError, match=r"person-tokens\.json") as error:
        PersonTokens(file).person(token, "acme")
    assert "c2hvcnQ" not in str(error.value)


def test_what_would_be_refused_is_not_minted(file):
    for person, lives_s in ((ADA, 0), (ADA, 86_401), (Subject("acme", ""), 60), (Subject("acme", "a" * 300), 60)):
        with pytest.raises(TokenRefused):
            mint(file, person, lives_s=lives_s)
    with pytest.raises(KeysError):
        mint(file, Subject("nobody", "ada"))
