"""What the engine already holds, by real-time get: it sees what was written a moment ago, refreshed or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugin.client import Engine
from plugin.errors import EngineRejected, EngineUnavailable


def get_many(
    engine: Engine, index: str, ids: Sequence[str], fields: Sequence[str], timeout_s: float = 60.0
) -> dict[str, dict[str, Any]]:
    """Fetch documents.

    Args:
        engine: the cluster.
        index: one index, or an alias of one.
        ids: any number that one request can carry.
        fields: which fields of the source, in dotted form; empty for none.
        timeout_s: how long the answer is waited for.

    Returns:
        By id: ``{"_version": int, "_source": {...}}``; what is not there is left out.

    Raises:
        EngineUnavailable: also when a single document could not be had now.
    """
    if not ids:
        return {}
    body = {"docs": [{"_id": name, "_source": list(fields) or False} for name in ids]}
    answer = engine.request("POST", f"/{index}/_mget", body, timeout_s=timeout_s)
    found: dict[str, dict[str, Any]] = {}
    for document in answer["docs"]:
        if "error" in document:
            kind = document["error"].get("type", "unknown")
            if kind == "index_not_found_exception":
                raise EngineRejected(404, f"the index {index} is gone")
            raise EngineUnavailable(f"OpenSearch could not read some documents: {kind}")
        if document.get("found"):
            found[document["_id"]] = document
    return found


def versions(engine: Engine, index: str, ids: Sequence[str]) -> dict[str, int]:
    """The version of each document that is there."""
    return {name: document["_version"] for name, document in get_many(engine, index, ids, ()).items()}
