"""A catalogue's events of one kind of action and the queries that they belong to, streamed from the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import UBI_EVENTS, UBI_QUERIES
from plugin.statedocs import refresh

PAGE = 1000


def events(engine: Engine, catalogue: str, actions: Sequence[str], *, until_ms: int) -> Iterator[Mapping[str, Any]]:
    """Stored events, in no order.

    Args:
        engine: the cluster.
        catalogue: the alias.
        actions: of ``action_name``.
        until_ms: events of later are left out, milliseconds of the epoch.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    refresh(engine, UBI_EVENTS)
    filters = [
        {"term": {"application": catalogue}},
        {"terms": {"action_name": list(actions)}},
        {"range": {"timestamp": {"lte": until_ms, "format": "epoch_millis"}}},
    ]
    yield from _scan(engine, UBI_EVENTS, filters, True)


def asked(engine: Engine, catalogue: str) -> dict[str, str]:
    """Texts of queries by their id; raises as :func:`events` does."""
    refresh(engine, UBI_QUERIES)
    filters = [{"term": {"application": catalogue}}, {"exists": {"field": "user_query"}}]
    found = _scan(engine, UBI_QUERIES, filters, ["query_id", "user_query"])
    return {str(one["query_id"]): str(one["user_query"]) for one in found if one.get("user_query")}


def _scan(engine: Engine, index: str, filters: list[Any], source: object) -> Iterator[Mapping[str, Any]]:
    body = {"query": {"bool": {"filter": filters}}, "_source": source}
    with engine.mapped_errors():
        for hit in helpers.scan(engine.client, index=index, query=body, size=PAGE):
            yield hit["_source"]
