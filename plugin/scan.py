"""All products of a catalogue, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .client import Engine

PAGE = 1000


def scan(engine: Engine, index: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Products by id, with these fields of the catalogue's form.

    Args:
        engine: the cluster.
        index: alias or index.
        fields: what to bring of each.

    Raises:
        EngineError: the engine does not answer, or there is no such index.
    """
    after: list[Any] | None = None
    while True:
        body: dict[str, Any] = {
            "query": {"match_all": {}},
            "size": PAGE,
            "sort": [{"id": "asc"}],
            "_source": list(fields),
            "track_total_hits": False,
        }
        if after is not None:
            body["search_after"] = after
        hits = engine.search(index, body)["hits"]["hits"]
        for hit in hits:
            yield hit["_source"]
        if len(hits) < PAGE:
            return
        after = hits[-1]["sort"]
