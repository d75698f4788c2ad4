"""What is held about a person or a visit, wherever it lies: found for showing it, and for making it go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine
from plugin.statedocs import delete_where

PAGE = 1000
MOST_TRACES = 200
"""In one question: each is one clause, or two, of the 1,024 that the engine takes."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What somebody is in the logs: the value of a field that no one else has.

    Attributes:
        field: ``client_id`` (a person) or ``session_id`` (a visit).
        value: the pseudonym, or the stand-in of a visit's name.
    """

    field: str
    value: str

    def query(self) -> dict[str, Any]:
        """Its documents in a log. What a visit did after a login is the person's, so it has a ``client_id``."""
        clauses: dict[str, Any] = {"filter": [{"term": {self.field: self.value}}]}
        if self.field == "session_id":
            clauses["must_not"] = [{"exists": {"field": "client_id"}}]
        return {"bool": clauses}


def _of_any(traces: Sequence[Trace]) -> dict[str, Any]:
    return {"bool": {"should": [trace.query() for trace in traces], "minimum_should_match": 1}}


def logged(engine: Engine, index: str, traces: Sequence[Trace]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, document) of everything of these, at most :data:`MOST_TRACES`, in a log, the latest first.

    Raises:
        EngineError: the engine does not answer.
    """
    engine.request("POST", f"/{index}/_refresh")
    after: list[Any] | None = None
    while traces:
        body: dict[str, Any] = {
            "query": _of_any(traces),
            "size": PAGE,
            "sort": [{"timestamp": "desc"}, {"_seq_no": "desc"}],
            "track_total_hits": False,
        }
        if after is not None:
            body["search_after"] = after
        hits = engine.search(index, body)["hits"]["hits"]
        for hit in hits:
            yield str(hit["_id"]), hit["_source"]
        if len(hits) < PAGE:
            break
        after = hits[-1]["sort"]


def delete_logged(engine: Engine, index: str, traces: Sequence[Trace]) -> int:
    """Delete everything of these, at most :data:`MOST_TRACES`, in a log; returns how many documents there were."""
    return delete_where(engine, index, _of_any(traces), timeout_s=120.0) if traces else 0
