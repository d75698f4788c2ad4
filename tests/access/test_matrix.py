"""Every role, tenant, owner and endpoint against two tables that people wrote, ``endpoints.tsv`` and ``owners.tsv``.

``endpoints.tsv`` says for each path and role (``none``: no key, or a wrong one) whether the call is let through, and
whether the endpoint is told who asks. ``owners.tsv`` says for what a request claims of a person and a visit what an
endpoint that is told may then see, or with which status the request ends. Nothing here reads the policy.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, jsonify

from service import keys, persons
from service.app import create_app
from service.keys import KeyRing
from service.policy import PolicyError, load, parsed
from service.settings import Settings
from tests.access.tampered import Signer, tampered

HERE = Path(__file__).parent
TENANTS = ("acme", "umbrella")
ROLES = ("shop", "judge", "engine", "metrics", "admin")


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


ENDPOINTS = table("endpoints.tsv")
OWNERS = table("owners.tsv")


@dataclass
class World:
    """An application of two shops, whose endpoints tell what the guard let through to them."""

    app: Flask
    keys: dict[tuple[str, str], str]
    signers: dict[str, Signer]

    def token(self, what: str) -> str:
        """The token that a row of ``owners.tsv`` names."""
        if what == "nonsense":
            return "a.b.c"
        if what == "expired":
            return self.signers["acme"].sign(iat=1_000_000_000, exp=1_000_003_600)
        name, _, tenant = what.partition(" of ")
        return self.signers[tenant].sign(sub=name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("access")
    held = {(t, r): keys.add(home / "keys.json", tenant=t, role=r) for t in TENANTS for r in ROLES}  # type: ignore[arg-type]
    settings = Settings(home=home)
    signers = {tenant: Signer(persons.rotate(settings.person_keys_path, tenant)) for tenant in TENANTS}
    app = create_app(settings, ring=KeyRing(home / "keys.json"))

    def told(**_: object) -> Any:
        person = None if g.person is None else f"{g.person.subject} of {g.person.tenant}"
        caller = None if g.caller is None else [g.caller.tenant, g.caller.role]
        return jsonify(caller=caller, person=person, visit=g.session)

    app.view_functions = dict.fromkeys(app.view_functions, told)
    return World(app, held, signers)


@dataclass(frozen=True)
class Cell:
    """One call and what has to come of it: a status, or what the endpoint is told."""

    call: str
    method: str
    path: str
    headers: dict[str, str]
    expected: object


def cells(world: World) -> Iterator[Cell]:
    """All of them: each endpoint, each kind of key, each claim about a person and a visit."""
    for endpoint in ENDPOINTS:
        for owner in OWNERS:
            claims = {"X-Hybridrank-Session": owner["visit"]} if owner["visit"] != "-" else {}
            if owner["person"] != "-":
                claims["X-Hybridrank-Person"] = world.token(owner["person"])
            for role in ("none", "wrong", *ROLES):
                key = {"none": None, "wrong": "hr_wrong"}.get(role) or world.keys.get((owner["tenant"], role))
                headers = {**claims, **({"Authorization": f"Bearer {key}"} if key else {})}
                name = f"{role} of {owner['tenant']} as {owner['person']}/{owner['visit']}"
                call = f"{endpoint['method']} {endpoint['path']} by {name}"
                yield Cell(call, endpoint["method"], endpoint["path"], headers, expected(endpoint, owner, role))


def expected(endpoint: dict[str, str], owner: dict[str, str], role: str) -> object:
    verdict = endpoint["none" if role == "wrong" else role]
    if verdict == "open":
        return {"caller": None, "person": None, "visit": None}
    if verdict != "yes":
        return int(verdict)
    if owner["told_nobody"].isdigit():
        return int(owner["told_nobody"])
    told = (owner["told_person"], owner["told_visit"]) if endpoint["told"] == "who" else (owner["told_nobody"],) * 2
    person, visit = (None if one == "-" else one for one in told)
    return {"caller": [owner["tenant"], role], "person": person, "visit": visit}


def test_every_cell_of_the_matrix(world):
    client = world.app.test_client()
    wrong, count = [], 0
    for cell in cells(world):
        answer = client.open(cell.path, method=cell.method, headers=cell.headers)
        found = answer.json if answer.status_code == 200 else answer.status_code
        count += 1
        if found != cell.expected:
            wrong.append((cell.call, found, cell.expected))
    assert wrong == []
    assert count >= 2000


def test_the_table_has_every_endpoint(world):
    paths = {(method, str(rule)) for rule in world.app.url_map.iter_rules() for method in rule.methods or ()}
    paths = {(method, path) for method, path in paths if method not in {"HEAD", "OPTIONS"}}
    shown = {"/page/app.js": "/page/<name>", "/media/products/p1": "/media/<index>/<path:product>"}
    assert {(row["method"], shown.get(row["path"], row["path"])) for row in ENDPOINTS} == paths


def test_200_tampered_tokens_are_refused(world):
    client = world.app.test_client()
    key = {"Authorization": f"Bearer {world.keys['acme', 'shop']}"}
    good = {**key, "X-Hybridrank-Person": world.signers["acme"].sign(sub="ada")}
    assert client.get("/v1/profile", headers=good).json["person"] == "ada of acme"
    tokens = tampered(world.signers["acme"], world.signers["umbrella"])
    assert len(tokens) == len(set(tokens)) == 200
    accepted = [
        (kind, number)
        for number, (kind, token) in enumerate(tokens)
        for method, path in (("GET", "/v1/profile"), ("POST", "/v1/rerank"))
        if client.open(path, method=method, headers={**key, "X-Hybridrank-Person": token}).status_code != 401
    ]
    assert accepted == []


def test_an_endpoint_without_a_rule_keeps_the_service_from_starting(world, monkeypatch):
    monkeypatch.setattr("service.policy.load", lambda: parsed(POLICY))
    with pytest.raises(PolicyError, match=r"search\.search"):
        create_app(Settings(), demo=True)


POLICY = """
[roles]
shop = "a"
judge = "b"
engine = "c"
metrics = "d"
admin = "e"

[endpoints]
"health.healthz" = { roles = ["anyone"], owner = "nobody", personal = false }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["anyone"]', "[]"),
        ('["anyone"]', '["anyone", "shop"]'),
        ('["anyone"]', '["nobody-we-know"]'),
        ('owner = "nobody"', 'owner = "self"'),
        ('owner = "nobody"', 'owner = "everybody"'),
        ("personal = false", "personal = true"),
        ("personal = false", ""),
        ("personal = false", "personal = false, more = 1"),
        ('judge = "b"', ""),
        ("[roles]", "[rolls]"),
        ("[roles]", "["),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(old, new):
    assert parsed(POLICY).of("health.healthz").open
    with pytest.raises(PolicyError, match=r"policy\.toml"):
        parsed(POLICY.replace(old, new))


def test_a_rule_that_is_not_there_lets_nobody_in():
    with pytest.raises(PolicyError):
        load().of("nobody.has.this")
