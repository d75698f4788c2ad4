"""What the generated OpenAPI document lacks: the problem answers, and which calls need the key."""

from __future__ import annotations

from typing import Any

from ..access import PERSON_HEADER, SESSION_HEADER
from ..problems import MEDIA_TYPE, PROBLEM_SCHEMA

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
OPERATIONS = {"/v1/rerank": "rerank", "/v2/rerank": "rerank_v2", "/rerank": "rerank_bare", "/ubi_events": "ubi_events"}
"""Names of the operations that one function answers under several paths."""

WHO = {
    "Person": (PERSON_HEADER, "Who is logged in at the shop: a JSON Web Token that the shop has signed.", {}),
    "Session": (SESSION_HEADER, "The visit.", {"pattern": "^[A-Za-z0-9_-]{8,128}$"}),
}
"""Headers that every call may carry: name of the parameter, of the header, what it is, its form."""

PROBLEMS = {
    "4XX": "The request is not acceptable; the problem names the field.",
    "5XX": "The service cannot answer now.",
}


def finish(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """Complete the document."""
    if isinstance(spec, str):
        raise TypeError("the document is made as JSON")
    spec["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
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
            operation["operationId"] = OPERATIONS.get(path, operation["operationId"])
            operation["security"] = [] if path in OPEN_PATHS else [{"key": []}]
            if path not in OPEN_PATHS:
                who = [{"$ref": f"#/components/parameters/{name}"} for name in WHO]
                operation["parameters"] = [*operation.get("parameters", []), *who]
    return spec


def plain(description: str) -> dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]:
    """The entry of an answer that is plain text."""
    return {200: {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}}
