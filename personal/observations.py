"""From stored events to what is counted: the one function that the live path, the reconciler and a rebuild share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plugin.client import Engine
from plugin.errors import InvalidQuery
from plugin.names import UBI_QUERIES, check_catalogue_name
from plugin.statedocs import Stored, read_many

from .counters import Key, Observation, bucket_of, digest
from .errors import EventRejected
from .event_times import milliseconds
from .event_times import now_ms as now
from .events import ACTIONS
from .pseudonyms import Pseudonyms

Uncounted = Literal["other_action", "no_item", "unknown_item", "bad_time", "no_catalogue"]
"""Why an event that is stored is not counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one stored event comes to.

    Attributes:
        observations: for the item, and for the query and the item where the query is known; empty when not counted.
        uncounted: why not, or ``None``.
    """

    observations: tuple[Observation, ...]
    uncounted: Uncounted | None = None


def observe(engine: Engine, pseudonyms: Pseudonyms, events: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Seen]:
    """Work out what stored events count for.

    Args:
        engine: is asked which items exist and which queries were logged, in one request.
        pseudonyms: of people and queries.
        events: (id, document) each, in any form that a UBI client may have written.

    Returns:
        One a event, in their order.
    """
    wanted: set[tuple[str, str]] = set()
    for _, document in events:
        if _why_not(document) is None:
            catalogue = str(document["application"])
            wanted.add((catalogue, str(item_of(document))))
            if isinstance(document.get("query_id"), str):
                wanted.add((UBI_QUERIES, f"{catalogue}:{document['query_id']}"))
    known = read_many(engine, sorted(wanted), fields=["user_query"])
    return [_seen(name, document, known, pseudonyms) for name, document in events]


def _seen(
    name: str, document: Mapping[str, Any], known: Mapping[tuple[str, str], Stored], pseudonyms: Pseudonyms
) -> Seen:
    reason = _why_not(document)
    if reason is not None:
        return Seen((), reason)
    catalogue, item = str(document["application"]), str(item_of(document))
    if (catalogue, item) not in known:
        return Seen((), "unknown_item")
    try:
        time_ms = milliseconds(document.get("timestamp"), now())
    except EventRejected:
        return Seen((), "bad_time")
    person = pseudonyms.person(catalogue, person_of(document))
    action = str(document["action_name"])
    query = pseudonyms.query(catalogue, query_of(document, known))
    keys = [Key(catalogue, item), *([Key(catalogue, item, query)] if query else [])]
    event = digest(name)[:12]
    bucket = bucket_of(ordinal_of(document))
    return Seen(tuple(Observation(key, person, action, time_ms, event, bucket) for key in keys))


def _why_not(document: Mapping[str, Any]) -> Uncounted | None:
    if document.get("action_name") not in ACTIONS:
        return "other_action"
    try:
        check_catalogue_name(str(document.get("application")))
    except InvalidQuery:
        return "no_catalogue"
    item = item_of(document)
    if item is None or not 0 < len(item.encode("utf-8", "replace")) <= 512:
        return "no_item"
    return None


def _inside(value: object, *path: str) -> object:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def item_of(document: Mapping[str, Any]) -> str | None:
    item = _inside(document, "event_attributes", "object", "object_id")
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item)
    return item if isinstance(item, str) else None


def person_of(document: Mapping[str, Any]) -> str:
    """Who did it; events that name nobody are all one person's, so that they cannot get around the cap."""
    for value in (
        document.get("client_id"),
        document.get("session_id"),
        _inside(document, "event_attributes", "session_id"),
    ):
        if isinstance(value, str) and value:
            return value
    return ""


def query_of(document: Mapping[str, Any], known: Mapping[tuple[str, str], Stored]) -> str:
    """What was asked: as the query log has it, else as the event says."""
    for value in _queries(document, known):
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _queries(document: Mapping[str, Any], known: Mapping[tuple[str, str], Stored]) -> Iterator[object]:
    logged = known.get((UBI_QUERIES, f"{document.get('application')}:{document.get('query_id')}"))
    if logged is not None:
        yield logged.source.get("user_query")
    yield document.get("user_query")
    yield _inside(document, "event_attributes", "query")


def ordinal_of(document: Mapping[str, Any]) -> int | None:
    """At which place it was, as the event says; ``None`` where it does not."""
    value = _inside(document, "event_attributes", "position", "ordinal")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
