"""What the generated OpenAPI document lacks: the problem answers, and which calls need the key."""

from __future__ import annotations

from typing import Any

from ..access import PERSON_HEADER, SESSION_HEADER
from ..problems import MEDIA_TYPE, PROBLEM_SCHEMA

SCHEMAS = "#/components/schemas/"
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
OPERATIONS = {"/v1/rerank": "rerank", "/v2/rerank": "rerank_v2", "/rerank": "rerank_bare", "/ubi_events": "ubi_events"}
"""Names of the operations that one function answers under several paths."""

WHO = {
    "Person": (PERSON_HEADER, "Who is logged in at the shop: a JSON Web Token that the shop has signed.", {}),
    "Session": (SESSION_HEADER, "The visit.", {"pattern": "^[A-Za-z0-9_-]{8,128}$"}),
}
"""Headers that every call may carry: name of the parameter, of the header, what it is, its form."""

TOPICS = {
    "search": "Products in order of relevance, or browsed.",
    "rerank": "The ranker over texts or candidates that the caller brings.",
    "embed": "The vectors that search compares.",
    "events": "What people did.",
    "merchandising": "What a shop pins, hides and boosts.",
    "health": "Whether the service is alive and able to answer.",
    "metrics": "What the service counts.",
    "recommend": "Products to show beside an item or for a person.",
    "demo": "Who the visitor is, where no shop has a login.",
}
"""What each tag groups."""

PROBLEMS = {
    "4XX": "The request is not acceptable; the problem names the field.",
    "5XX": "The service cannot answer now.",
}


def finish(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """Complete the document."""
    if isinstance(spec, str):
        raise TypeError("the document is made as JSON")
    spec["servers"] = [{"url": "/", "description": "This service."}]
    spec["tags"] = [{**tag, "description": TOPICS.get(tag["name"], tag["name"])} for tag in spec["tags"]]
    spec["components"]["schemas"] = _plain_names(spec, spec["components"].get("schemas", {}))
    spec["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    spec["components"]["parameters"] = {
        name: {"name": header, "in": "header", "description": about, "schema": {"type": "string", **form}}
        for name, (header, about, form) in WHO.items()
    }
    for path, item in spec["paths"].items():
        for operation in item.values():
            for status, description in PROBLEMS.items():
                operation["responses"][status] = {
                    "description": description,
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            operation.setdefault("description", operation["summary"])
            operation["operationId"] = OPERATIONS.get(path, operation["operationId"])
            operation["security"] = [] if path in OPEN_PATHS else [{"key": []}]
            if path not in OPEN_PATHS:
                who = [{"$ref": f"#/components/parameters/{name}"} for name in WHO]
                operation["parameters"] = [*operation.get("parameters", []), *who]
    return spec


def _plain_names(spec: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Name an inner model after itself, not after each model that holds it, which generators take for many."""
    names = {name: name.rpartition(".")[2] for name in schemas}
    _rename(spec, {SCHEMAS + old: SCHEMAS + new for old, new in names.items()})
    found: dict[str, Any] = {}
    for old, new in names.items():
        if found.setdefault(new, schemas[old]) != schemas[old]:
            raise ValueError(f"two models are called {new}")
    found.pop("HTTPError", None)
    return found


def _rename(value: Any, references: dict[str, str]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            value["$ref"] = references.get(value["$ref"], value["$ref"])
        for inner in value.values():
            _rename(inner, references)
    elif isinstance(value, list):
        for inner in value:
            _rename(inner, references)


def plain(description: str, kind: str = "text/plain") -> dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]:
    """The entry of an answer that is text and no JSON."""
    return {200: {"description": description, "content": {kind: {"schema": {"type": "string"}}}}}


def same_body(
    status: int, description: str, schema: str
) -> dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]:
    """The entry of an answer with another status and the same JSON."""
    content = {"application/json": {"schema": {"$ref": SCHEMAS + schema}}}
    return {status: {"description": description, "content": content}}
