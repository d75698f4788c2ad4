"""From stored events to what profiles remember of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugin.client import Engine
from plugin.errors import InvalidQuery
from plugin.names import UBI_QUERIES, check_catalogue_name
from plugin.statedocs import Stored, read_many

from .counters import digest
from .errors import EventRejected
from .event_times import milliseconds, now_ms
from .observations import item_of, query_of
from .taste import STRENGTH, Action, facts_of

FIELDS = ("brand", "color", "category", "price", "attributes", "user_query")


def deeds_of(engine: Engine, events: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Action]]:
    """What stored events say about whoever did them.

    Args:
        engine: is asked about products and logged queries, in one request.
        events: (id, document) each, in any form that a UBI client may have written.

    Returns:
        (catalogue, action) of each event that says anything; what only showed something, unknown products and
        impossible times are left out.
    """
    kept = [(name, document) for name, document in events if _catalogue(document) is not None]
    wanted: set[tuple[str, str]] = set()
    for _, document in kept:
        catalogue = str(document["application"])
        item = item_of(document)
        if item is not None and document.get("action_name") in STRENGTH and 0 < len(item.encode()) <= 512:
            wanted.add((catalogue, item))
        if isinstance(document.get("query_id"), str):
            wanted.add((UBI_QUERIES, f"{catalogue}:{document['query_id']}"))
    known = read_many(engine, sorted(wanted), fields=FIELDS)
    found = [(str(document["application"]), _action(name, document, known)) for name, document in kept]
    return [(catalogue, action) for catalogue, action in found if action is not None]


def _action(name: str, document: Mapping[str, Any], known: Mapping[tuple[str, str], Stored]) -> Action | None:
    action, item = str(document.get("action_name")), item_of(document)
    query = query_of(document, known) if action != "impression" else ""
    product = known.get((str(document["application"]), item)) if item is not None and action in STRENGTH else None
    if product is None and not query:
        return None
    try:
        time_ms = milliseconds(document.get("timestamp"), now_ms())
    except EventRejected:
        return None
    return Action(action, item, facts_of(product.source) if product else None, query, time_ms, digest(name)[:12])


def _catalogue(document: Mapping[str, Any]) -> str | None:
    try:
        return check_catalogue_name(str(document.get("application")))
    except InvalidQuery:
        return None
