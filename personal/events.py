"""One UBI 1.3.0 event: checked, brought to one form, and named so that a repeat is the same event."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.errors import InvalidQuery
from plugin.names import check_catalogue_name

from .errors import EventRejected
from .event_privacy import scrubbed, scrubbed_text
from .event_times import milliseconds, strict_date_time
from .pseudonyms import Pseudonyms

ACTIONS = ("impression", "view", "click", "watch", "add_to_cart", "purchase")
"""The actions that are counted; others are stored only."""

MAX_EVENT_BYTES = 32 * 1024
MAX_DEPTH = 10
MAX_ORDINAL = 2**31 - 1

_TEXTS: Mapping[str, int] = {
    "application": 256,
    "action_name": 100,
    "query_id": 100,
    "session_id": 100,
    "client_id": 100,
    "user_id": 512,
    "event_id": 200,
    "message_type": 100,
    "message": 1024,
    "user_query": 1024,
}
"""Fields that are text, and how long each may be: what the mapping of ``ubi_events`` indexes."""
_FIELDS = frozenset({*_TEXTS, "timestamp", "event_attributes"})
_EXTRAS = ("extra_info", "extra_info_type")
"""What the JavaScript collector of OpenSearch puts beside the fields of UBI; they go under ``event_attributes``."""
_PERSONAL_IDS = ("client_id", "session_id", "query_id")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is stored.

    Attributes:
        id: of its document: the catalogue, then the client's ``event_id`` or a digest of ``document``.
        document: what ``ubi_events`` holds.
    """

    id: str
    document: dict[str, Any]

    @property
    def catalogue(self) -> str:
        """The catalogue that it belongs to."""
        return str(self.document["application"])


def read_event(
    raw: object, *, pseudonyms: Pseudonyms, now_ms: int, default: str, catalogue: str | None = None
) -> Event:
    """Check one event and bring it to the form in which it is stored.

    Args:
        raw: what a client sent.
        pseudonyms: stand in for an id that is an e-mail or IP address.
        now_ms: the time of now.
        default: the catalogue of an event without ``application``.
        catalogue: the catalogue of every event, whatever its ``application``; ``None`` takes the event's own.

    Raises:
        EventRejected: a field is missing, unknown, of the wrong type, too long or impossible.
    """
    if not isinstance(raw, dict):
        raise EventRejected("", "expected an object: a UBI event")
    for name in raw:
        if name not in _FIELDS and name not in _EXTRAS:
            raise EventRejected(_shown(name), "not a field of a UBI event; put your own under event_attributes")
    texts = {name: text for name in _TEXTS if (text := _text(raw, name)) is not None}
    application = catalogue or texts.get("application") or default
    try:
        check_catalogue_name(application)
    except InvalidQuery as error:
        raise EventRejected("application", error.reason) from error
    action = texts.get("action_name")
    if action is None:
        raise EventRejected("action_name", "missing")
    document: dict[str, Any] = {
        "application": application,
        "action_name": action,
        "timestamp": strict_date_time(milliseconds(raw.get("timestamp"), now_ms)),
    }
    for name in _PERSONAL_IDS:
        if name in texts:
            plain = scrubbed_text(texts[name])
            document[name] = plain if plain == texts[name] else "p." + pseudonyms.of(name, application, texts[name])
    for name in ("message_type", "message", "user_query"):
        if name in texts:
            document[name] = scrubbed_text(texts[name])
    attributes = _attributes(_with_extras(raw))
    if attributes:
        document["event_attributes"] = attributes
    canonical = _canonical(document)
    if len(canonical) > MAX_EVENT_BYTES:
        raise EventRejected("", f"larger than {MAX_EVENT_BYTES} bytes")
    event_id = texts.get("event_id")
    if event_id is None:
        return Event(f"{application}:d.{hashlib.sha256(canonical).hexdigest()[:32]}", document)
    return Event(f"{application}:{_named(event_id)}", {**document, "event_id": scrubbed_text(event_id)})


def _with_extras(raw: Mapping[str, Any]) -> object:
    given = raw.get("event_attributes")
    extras = {name: raw[name] for name in _EXTRAS if raw.get(name) is not None}
    if not extras:
        return given
    if given is not None and not isinstance(given, dict):
        raise EventRejected("event_attributes", "expected an object")
    return {**extras, **(given or {})}


def _canonical(document: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise EventRejected("event_attributes", "holds half of a surrogate pair, which is no character") from None


def _named(event_id: str) -> str:
    """A client's id as part of a document's id, which has at most 512 bytes; a long one by its digest."""
    if len(event_id.encode()) <= 200 and not event_id.startswith(("d.", "s.")) and scrubbed_text(event_id) == event_id:
        return event_id
    return "s." + hashlib.sha256(event_id.encode()).hexdigest()[:32]


def _text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise EventRejected(name, "expected text")
    if len(value) > _TEXTS[name]:
        raise EventRejected(name, f"longer than {_TEXTS[name]} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise EventRejected(name, "holds half of a surrogate pair, which is no character") from None
    if name not in {"message", "user_query"} and _CONTROL.search(value):
        raise EventRejected(name, "holds a control character")
    return value


def _attributes(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EventRejected("event_attributes", "expected an object")
    _check_depth(value, "event_attributes", 1)
    attributes: dict[str, Any] = scrubbed({name: item for name, item in value.items() if item is not None})
    thing = attributes.get("object")
    if thing is not None:
        if not isinstance(thing, dict):
            raise EventRejected("event_attributes.object", "expected an object")
        attributes["object"] = _object(thing, value["object"])
    position = attributes.get("position")
    if position is not None:
        attributes["position"] = _position(position)
    for name in ("price", "session_id"):
        _check_leaf(attributes, name, "event_attributes")
    return attributes


def _object(thing: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    where = "event_attributes.object"
    found = {name: item for name, item in thing.items() if item is not None}
    item = given.get("object_id")
    if isinstance(item, int) and not isinstance(item, bool):
        item = str(item)
    if item is not None:
        if not isinstance(item, str):
            raise EventRejected(f"{where}.object_id", "expected text")
        if len(item) > 512:
            raise EventRejected(f"{where}.object_id", "longer than 512 characters")
        found["object_id"] = item  # never scrubbed: it has to be the id of a product, letter for letter
    for name in ("object_id_field", "internal_id", "name", "description"):
        if name in found and not isinstance(found[name], str):
            raise EventRejected(f"{where}.{name}", "expected text")
    if "object_detail" in found and not isinstance(found["object_detail"], dict):
        raise EventRejected(f"{where}.object_detail", "expected an object")
    return found


def _position(position: object) -> dict[str, Any]:
    where = "event_attributes.position"
    if not isinstance(position, dict):
        raise EventRejected(where, "expected an object")
    found = {name: item for name, item in position.items() if item is not None}
    for name in ("ordinal", "x", "y", "page_depth", "scroll_depth"):
        if name not in found:
            continue
        value = found[name]
        if isinstance(value, float) and (value.is_integer() or (name != "ordinal" and abs(value) <= MAX_ORDINAL)):
            value = round(value)  # a browser gives fractions of a pixel; of a place there are none
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_ORDINAL:
            raise EventRejected(f"{where}.{name}", "expected a whole number")
        if name == "ordinal" and value < 0:
            raise EventRejected(f"{where}.{name}", "expected 0 or more")
        found[name] = value
    return found


def _check_leaf(attributes: Mapping[str, Any], name: str, where: str) -> None:
    value = attributes.get(name)
    if value is None:
        return
    if name == "session_id" and not isinstance(value, str):
        raise EventRejected(f"{where}.{name}", "expected text")
    if name == "price" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise EventRejected(f"{where}.{name}", "expected a number")


def _check_depth(value: object, where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise EventRejected(where, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for name, item in value.items():
            if not name or name.startswith(".") or name.endswith(".") or ".." in name:
                raise EventRejected(where, "holds an empty name")
            _check_depth(item, where, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, where, depth + 1)


def _shown(name: object) -> str:
    """A field's name as it may stand in an answer: short and printable."""
    text = str(name)[:80]
    return (
        "".join(char if char.isprintable() else "?" for char in text).encode("utf-8", "replace").decode() or "(empty)"
    )
