"""What is held about a person or a visit, wherever it lies: found for showing it, and for making it go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine

PAGE = 1000


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


def logged(engine: Engine, index: str, traces: Sequence[Trace]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, document) of everything of these in a log, the latest first.

    Raises:
        EngineError: the engine does not answer.
    """
    engine.request("POST", f"/{index}/_refresh")
    for trace in traces:
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "query": trace.query(),
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
    """Delete everything of these in a log; returns how many documents there were."""
    engine.request("POST", f"/{index}/_refresh")
    deleted = 0
    for trace in traces:
        answer = engine.request(
            "POST",
            f"/{index}/_delete_by_query",
            {"query": trace.query()},
            {"refresh": "true", "conflicts": "proceed"},
            timeout_s=120.0,
        )
        deleted += int(answer["deleted"])
    return deleted
