"""Answered queries with their clicks, from ``ubi_queries`` and ``ubi_events``: what a ranker is judged on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from plugin.client import Engine
from plugin.names import UBI_EVENTS, UBI_QUERIES
from ranker.offpolicy import Shown

from .observations import item_of

LISTS = ("query_response_object_ids", "query_response_hit_ids", "query_response_objects_ids")
"""Where clients of UBI write what was shown."""
_PAGE = 500
_MOST_CLICKS = 10_000


def search_log(engine: Engine, catalogue: str, *, most: int = 2000) -> list[Shown]:
    """The latest queries with words that were answered with results, and what was clicked of these.

    Args:
        engine: the cluster.
        catalogue: the alias.
        most: queries.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    for index in (UBI_QUERIES, UBI_EVENTS):
        engine.request("POST", f"/{index}/_refresh")
    found: list[Shown] = []
    after: list[Any] | None = None
    while len(found) < most:
        body: dict[str, Any] = {
            "query": {"bool": {"filter": [{"term": {"application": catalogue}}, {"exists": {"field": "user_query"}}]}},
            "sort": [{"timestamp": "desc"}, {"query_id": "desc"}],
            "size": _PAGE,
            "_source": ["query_id", "user_query", *LISTS],
        }
        if after is not None:
            body["search_after"] = after
        hits = engine.search(UBI_QUERIES, body)["hits"]["hits"]
        found += _clicked(engine, catalogue, [hit["_source"] for hit in hits])
        if len(hits) < _PAGE:
            break
        after = hits[-1]["sort"]
    return found[:most]


def clicks_on(engine: Engine, catalogue: str, query_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """What was clicked of the answers to logged queries: ids of products by ``query_id``, where anything was.

    Args:
        engine: the cluster; what is to be seen has been refreshed.
        catalogue: the alias.
        query_ids: at most some hundreds.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    body = {
        "query": {
            "bool": {
                "filter": [
                    {"term": {"application": catalogue}},
                    {"term": {"action_name": "click"}},
                    {"terms": {"query_id": list(query_ids)}},
                ]
            }
        },
        "size": _MOST_CLICKS,
        "_source": ["query_id", "event_attributes.object.object_id"],
    }
    clicks: dict[str, set[str]] = defaultdict(set)
    if query_ids:
        for hit in engine.search(UBI_EVENTS, body)["hits"]["hits"]:
            item = item_of(hit["_source"])
            if item is not None:
                clicks[hit["_source"]["query_id"]].add(item)
    return {query_id: frozenset(items) for query_id, items in clicks.items()}


def _clicked(engine: Engine, catalogue: str, queries: Sequence[Mapping[str, Any]]) -> list[Shown]:
    asked = [query for query in queries if str(query.get("user_query") or "").strip() and _shown(query)]
    clicks = clicks_on(engine, catalogue, [query["query_id"] for query in asked])
    return [
        Shown(query["query_id"], query["user_query"], _shown(query), clicks.get(query["query_id"], frozenset()))
        for query in asked
    ]


def _shown(query: Mapping[str, Any]) -> tuple[str, ...]:
    for name in LISTS:
        value = query.get(name)
        if isinstance(value, list) and value:
            return tuple(dict.fromkeys(str(item) for item in value))
    return ()
