"""Our own documents, by id: many read at once by real-time get, many written at once, each under its own condition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .client import Engine
from .errors import EngineRejected, EngineUnavailable

DELETED_AT_ONCE = 20_000
"""Documents of one request to delete what matches: each thousand adds a header to its answer, of which clients take a
hundred, and an answer that takes minutes is lost."""
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it stands.

    Attributes:
        source: its content.
        seq_no: with ``term`` names this version of it.
    """

    source: dict[str, Any]
    seq_no: int
    term: int


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be written.

    Attributes:
        index: where.
        id: of the document.
        source: its content.
        over: the version that it may replace; ``None``: there must be none yet.
    """

    index: str
    id: str
    source: Mapping[str, Any]
    over: Stored | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write: ``conflict`` when another version (or any, for a new document) stands there."""

    kind: Literal["written", "conflict", "refused"]
    reason: str = ""


def read_many(
    engine: Engine,
    wanted: Iterable[tuple[str, str]],
    *,
    fields: Sequence[str] | None = None,
    timeout_s: float | None = None,
) -> dict[tuple[str, str], Stored]:
    """Get documents at once, the newest version of each, refreshed or not.

    Args:
        engine: the cluster.
        wanted: (index or alias, id) each; repeats are asked once.
        fields: top-level fields of the content to bring; ``None`` is all, an empty list none.
        timeout_s: seconds; ``None`` takes the configuration's.

    Returns:
        By what was wanted; what does not exist is left out, also where the index does not.
    """
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    params = {} if fields is None else {"_source_includes": ",".join(fields)} if fields else {"_source": "false"}
    indices = {index for index, _ in asked}
    if len(indices) == 1:  # hundreds of counters are asked for at once, and their index need not be told each time
        body: dict[str, Any] = {"ids": [name for _, name in asked]}
        answer = engine.request("POST", f"/{indices.pop()}/_mget", body, params, timeout_s)
    else:
        body = {"docs": [{"_index": index, "_id": name} for index, name in asked]}
        answer = engine.request("POST", "/_mget", body, params, timeout_s)
    found: dict[tuple[str, str], Stored] = {}
    for key, item in zip(asked, answer["docs"], strict=True):
        if item.get("found"):
            found[key] = Stored(item.get("_source", {}), int(item["_seq_no"]), int(item["_primary_term"]))
        elif "error" in item and item["error"].get("type") != "index_not_found_exception":
            raise EngineUnavailable(f"OpenSearch could not read a document ({item['error'].get('type')})")
    return found


def write_many(engine: Engine, writes: Sequence[Write], *, timeout_s: float | None = None) -> list[Outcome]:
    """Write documents in one request, each judged by itself.

    Raises:
        EngineUnavailable: the engine was too busy for one of them; others may be written.
    """
    if not writes:
        return []
    lines = []
    for write in writes:
        head: dict[str, Any] = {"_index": write.index, "_id": write.id}
        if write.over is not None:
            head |= {"if_seq_no": write.over.seq_no, "if_primary_term": write.over.term}
        lines += [_line({"create" if write.over is None else "index": head}), _line(write.source)]
    answer = engine.request("POST", "/_bulk", "".join(lines).encode(), timeout_s=timeout_s)
    return [_judged(next(iter(item.values()))) for item in answer["items"]]


def put_many(engine: Engine, index: str, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write documents (id, content) in one request, whatever stood there before.

    Raises:
        EngineUnavailable: the engine could not write one of them; others are written.
    """
    lines = [line for name, source in documents for line in (_line({"index": {"_id": name}}), _line(source))]
    if not lines:
        return
    answer = engine.request("POST", f"/{index}/_bulk", "".join(lines).encode())
    for item in answer["items"]:
        if _judged(item["index"]).kind != "written":
            raise EngineUnavailable("OpenSearch could not write a document")


def delete_many(engine: Engine, index: str, names: Sequence[str]) -> None:
    """Delete documents in one request; what is not there is no failure.

    Raises:
        EngineUnavailable: the engine could not delete one of them.
    """
    if not names:
        return
    answer = engine.request(
        "POST", f"/{index}/_bulk", "".join(_line({"delete": {"_id": name}}) for name in names).encode()
    )
    for item in answer["items"]:
        if int(item["delete"]["status"]) not in {200, 404}:
            raise EngineUnavailable("OpenSearch could not delete a document")


def delete_where(engine: Engine, index: str, query: Mapping[str, Any], *, timeout_s: float | None = None) -> int:
    """Delete what matches, however much it is; what others write meanwhile stays.

    Args:
        engine: the cluster.
        index: index or alias.
        query: in the engine's form.
        timeout_s: seconds of each request, of which there is one for :data:`DELETED_AT_ONCE` documents.

    Returns:
        How many documents were deleted. Gets and searches miss them when this returns.

    Raises:
        EngineError: the engine does not answer or refuses; what was deleted until then stays so.
    """
    refresh(engine, index)
    params = {"refresh": "true", "conflicts": "proceed", "scroll_size": str(min(DELETED_AT_ONCE, 5000))}
    deleted = 0
    while True:
        body = {"query": query, "max_docs": DELETED_AT_ONCE}
        answer = engine.request("POST", f"/{index}/_delete_by_query", body, params, timeout_s)
        deleted += int(answer["deleted"])
        if int(answer["total"]) < DELETED_AT_ONCE or not answer["deleted"]:
            return deleted


def refresh(engine: Engine, index: str) -> None:
    """Let searches see what was written."""
    engine.request("POST", f"/{index}/_refresh")


def flush(engine: Engine, index: str) -> None:
    """Put what was written on the disk now, for an index whose writes do not wait for it."""
    engine.request("POST", f"/{index}/_flush")


def upsert(engine: Engine, index: str, name: str, source: Mapping[str, Any]) -> None:
    """Write a document whatever stood there before; searches see it when this returns."""
    engine.request("PUT", f"/{index}/_doc/{name}", source, {"refresh": "true"})


def delete(engine: Engine, index: str, name: str) -> bool:
    """Delete a document; false when there was none. Searches miss it when this returns."""
    try:
        engine.request("DELETE", f"/{index}/_doc/{name}", params={"refresh": "true"})
    except EngineRejected as error:
        if error.status == 404:
            return False
        raise
    return True


def _judged(item: Mapping[str, Any]) -> Outcome:
    status, error = int(item["status"]), item.get("error") or {}
    if status < 300:
        return Outcome("written")
    if status == 409 or error.get("type") == "version_conflict_engine_exception":
        return Outcome("conflict")
    if status in _BUSY or status >= 500:
        raise EngineUnavailable(f"OpenSearch could not write a document now (status {status})")
    return Outcome("refused", str(error.get("reason", error.get("type", "unknown"))))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
