"""Every endpoint that the OpenAPI document names, against what strangers send; a new endpoint is met without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from service.app import create_app
from service.settings import Settings
from tests.fixtures_service import Running

pytestmark = pytest.mark.engine

SPEC: dict[str, Any] = create_app(Settings(), demo=True).spec
OPERATIONS = [
    (method, path, operation)
    for path, item in sorted(SPEC["paths"].items())
    for method, operation in sorted(item.items())
]
BODIES = [
    b"",
    b"{",
    b"nul",
    b"null",
    b'"text"',
    b"1",
    b'{"query": NaN}',
    b"[NaN]",
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b'{"query": "\xff"}',
    b'{"query": "\\ud800"}',
    b'["\\udfff"]',
    b'{"a": 1, "a": 2}',
    b'{"size": 1' + b"0" * 5000 + b"}",
    b"\x00" * 10_000,
    b"a" * 6_000_000,
]
WRONG: dict[str, list[Any]] = {
    "string": [7, True, ["a"], {"match_all": {}}, {"script": "1"}],
    "integer": ["1", 1.5, 10**9, -1, True, [], {}, None],
    "number": ["1", True, [], {}],
    "boolean": ["true", 1, []],
    "array": ["a", 1, {}],
    "object": ["a", 1, []],
}
INDICES = ["_all", "../", "*", "a,b", "ubi_events", "hybridrank-behaviour", "-x", "A", "%2e%2e"]


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=90) as one:
        yield one


def is_refused(answer: httpx.Response) -> bool:
    """A problem answer with a 4xx status that does not drown the caller."""
    return (
        400 <= answer.status_code < 500
        and answer.headers["content-type"] == "application/problem+json"
        and len(answer.content) < 8_000
    )


def named(operations: list[Any]) -> list[str]:
    return [f"{method} {path}" for method, path, *_ in operations]


def schema_of(reference: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in reference:
        found: dict[str, Any] = SPEC["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
        return found
    return reference


def body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return schema_of(content["schema"]) if content else None


WITH_BODY = [one for one in OPERATIONS if body_schema(one[2]) is not None]
WITH_FIELDS = [one for one in WITH_BODY if body_schema(one[2]).get("properties")]  # type: ignore[union-attr]
WITH_QUERY = [
    (method, path, [p for p in operation.get("parameters", []) if p.get("in") == "query"])
    for method, path, operation in OPERATIONS
    if any(p.get("in") == "query" for p in operation.get("parameters", []))
]


def test_the_endpoints_are_there():
    assert len(WITH_BODY) >= 8
    assert len(WITH_FIELDS) >= 4
    assert len(WITH_QUERY) >= 2


@pytest.mark.parametrize("operation", WITH_BODY, ids=named(WITH_BODY))
def test_a_body_that_is_no_document_is_refused(client, operation):
    method, path, _ = operation
    for body in BODIES:
        answer = client.request(method, path, content=body)
        assert is_refused(answer), (body[:40], answer.status_code, answer.text[:300])
        assert answer.json()["errors"][0]["field"]


def kinds(schema: dict[str, Any]) -> set[str]:
    alternatives = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return {kind for one in map(schema_of, alternatives) for kind in [one.get("type")] if isinstance(kind, str)}


@pytest.mark.parametrize("operation", WITH_FIELDS, ids=named(WITH_FIELDS))
def test_fields_that_are_unknown_or_of_another_type_are_named(client, operation):
    method, path, details = operation
    schema = body_schema(details)
    answer = client.request(method, path, json={"nobody_has_this": 1})
    assert is_refused(answer)
    for field, wanted in schema["properties"].items():
        types = kinds(wanted)
        wrong = [value for kind, values in WRONG.items() if kind in types for value in values]
        fits = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list, "object": dict}
        for value in wrong:
            exact = {k for k, of in fits.items() if isinstance(value, of) and (k == "boolean" or value is not True)}
            if value is None or (exact & types and value not in (10**9, -1)) or not types:
                continue
            if value in (10**9, -1) and not {"minimum", "maximum"} & set(json.dumps(wanted).replace('"', " ").split()):
                continue
            answer = client.request(method, path, json={field: value})
            assert is_refused(answer), (field, value, answer.status_code, answer.text[:300])
            fields = [error["field"] for error in answer.json()["errors"]]
            assert any(name.split(".")[0] == field for name in fields), (field, value, fields)
        # What the plugin asks about may be any index of the cluster; one that is no catalogue is left alone.
        if field == "index" and not path.startswith("/v1/plugin/"):
            for index in INDICES:
                answer = client.request(method, path, json={"index": index})
                assert is_refused(answer), (index, answer.text[:300])


@pytest.mark.parametrize("operation", WITH_QUERY, ids=named(WITH_QUERY))
def test_parameters_of_an_address_are_named(client, operation):
    method, path, parameters = operation
    assert is_refused(client.request(method, path, params={"nobody_has_this": "1"}))
    for parameter in parameters:
        name = parameter["name"]
        types = kinds(schema_of(parameter["schema"]))
        wrong = ["a", "1.5", str(10**9), "-1", "1e999", "9" * 5000] if "integer" in types else []
        wrong += INDICES if name == "index" else []
        for value in wrong:
            answer = client.request(method, f"{path}?{name}={quote(value, safe='')}")
            assert is_refused(answer) or answer.status_code == 414, (name, value, answer.status_code, answer.text[:300])
        if "string" in types:
            for raw in ("%ff%fe", "%ed%a0%80", "%00", "a" * 7000):
                answer = client.request(method, f"{path}?{name}={raw}")
                assert answer.status_code < 500, (name, raw[:20], answer.status_code, answer.text[:300])


def test_the_worker_is_alive(client):
    assert client.get("/healthz").text == "ok\n"
    assert client.post("/v1/search", json={"query": "tent", "size": 1}).status_code == 200
