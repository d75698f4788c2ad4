"""What people did, in order: read from ``ubi_events`` for training what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from opensearchpy import helpers

from plugin.client import Engine
from plugin.document import category_path
from plugin.names import UBI_EVENTS
from plugin.statedocs import read_many
from plugin.together import INTEREST

from .errors import EventRejected
from .event_times import milliseconds, now_ms
from .observations import item_of, person_of

MOST = 200
"""Of one person the latest so many count: no client outweighs all others."""
_AT_ONCE = 1000
_FIELDS = ["action_name", "timestamp", "client_id", "session_id", "event_attributes"]


def histories(engine: Engine, catalogue: str, *, most: int = MOST) -> dict[str, list[str]]:
    """The items that each person cared for, oldest first.

    A person is the event's ``client_id``, else its ``session_id``; events of nobody are left out. An item that follows
    itself (seen, clicked, bought) stands once.

    Args:
        engine: the cluster.
        catalogue: the alias.
        most: of one person, the latest so many.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    clauses = [{"term": {"application": catalogue}}, {"terms": {"action_name": list(INTEREST)}}]
    body = {"query": {"bool": {"filter": clauses}}, "_source": _FIELDS}
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    now = now_ms()
    engine.request("POST", f"/{UBI_EVENTS}/_refresh")
    with engine.mapped_errors():
        for hit in helpers.scan(engine.client, index=UBI_EVENTS, query=body, size=2000):
            document = hit["_source"]
            person, item = person_of(document), item_of(document)
            if not person or item is None:
                continue
            try:
                when = milliseconds(document.get("timestamp"), now)
            except EventRejected:
                continue
            found[person].append((when, str(hit["_id"]), item))
    return {person: _in_order(events)[-most:] for person, events in found.items()}


def paths_of(engine: Engine, catalogue: str, items: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The path of categories of each item, widest first, in lower case; items that are gone or have none are left out.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    wanted, found = sorted(set(items)), dict[str, tuple[str, ...]]()
    for first in range(0, len(wanted), _AT_ONCE):
        places = [(catalogue, item) for item in wanted[first : first + _AT_ONCE]]
        for (_, item), stored in read_many(engine, places, fields=["category"]).items():
            if path := tuple(name.casefold() for name in category_path(stored.source)):
                found[item] = path
    return found


def span(engine: Engine, catalogue: str) -> tuple[int, int]:
    """The first and the last moment of a catalogue's events, in epoch milliseconds; both now where there are none.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    ends = {name: {name: {"field": "timestamp"}} for name in ("min", "max")}
    body = {"size": 0, "query": {"term": {"application": catalogue}}, "aggs": ends}
    found = engine.search(UBI_EVENTS, body)["aggregations"]
    if found["min"]["value"] is None:
        now = now_ms()
        return now, now
    return int(found["min"]["value"]), int(found["max"]["value"])


def _in_order(events: list[tuple[int, str, str]]) -> list[str]:
    items: list[str] = []
    for _, _, item in sorted(events):
        if not items or items[-1] != item:
            items.append(item)
    return items
