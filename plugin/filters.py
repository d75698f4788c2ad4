"""Filters of a request, checked and turned into the engine's: ``{field: value | [any of] | {gte, gt, lte, lt}}``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .document import ATTRIBUTE_PREFIX, FILTERS, FieldKind
from .errors import InvalidQuery

MAX_FILTERS = 50
MAX_VALUES = 1000
MAX_VALUE_CHARS = 1024
_BOUNDS = ("gte", "gt", "lte", "lt")
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f*?\s.]+(\.[^\x00-\x1f\x7f*?\s.]+)*")

Clause = dict[str, Any]


def build_filters(filters: Mapping[str, object]) -> list[Clause]:
    """Check filters and turn them into clauses, all of which must hold.

    Args:
        filters: by field: one value, a list of which one must be there, or bounds of a number.

    Raises:
        InvalidQuery: an unknown field, or a value of another type than the field's; names ``filters.FIELD``.
    """
    if len(filters) > MAX_FILTERS:
        raise InvalidQuery("filters", f"at most {MAX_FILTERS} fields, not {len(filters)}")
    return [_clause(name, value) for name, value in filters.items()]


def _clause(name: str, value: object) -> Clause:
    where = f"filters.{name[:100]}"
    if name.startswith(ATTRIBUTE_PREFIX):
        return _attribute(name, value, where)
    if name not in FILTERS:
        known = ", ".join([*FILTERS, f"{ATTRIBUTE_PREFIX}NAME"])
        raise InvalidQuery(where, f"not a field that can be filtered; there is {known}")
    field, kind = FILTERS[name]
    if isinstance(value, Mapping):
        return {"range": {field: _bounds(value, kind, where)}}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return {"terms": {field: [_scalar(item, kind, f"{where}[{place}]") for place, item in _listed(value, where)]}}
    return {"term": {field: {"value": _scalar(value, kind, where)}}}


def _attribute(name: str, value: object, where: str) -> Clause:
    path = name.removeprefix(ATTRIBUTE_PREFIX)
    if len(path) > 256 or not _ATTRIBUTE.fullmatch(path):
        raise InvalidQuery(where, "an attribute's name is up to 256 characters without spaces, '*', '?' or empty parts")
    if isinstance(value, Mapping):
        raise InvalidQuery(where, "attributes are kept as text and have no range; give a value or a list")
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        items = [text for place, item in _listed(value, where) for text in _texts(item, f"{where}[{place}]")]
        return {"terms": {name: items}}
    return {"terms": {name: _texts(value, where)}}


def _texts(value: object, where: str) -> list[str]:
    """An attribute's value as the engine keeps it; a whole number is 16 in one catalogue and 16.0 in another."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, (int, float)):
        number = _number(value, where)
        if number == int(number):
            return [str(int(number)), f"{int(number)}.0"]
        return [repr(number)]
    return [_text(value, where)]


def _listed(values: Sequence[object], where: str) -> list[tuple[int, object]]:
    if not 1 <= len(values) <= MAX_VALUES:
        raise InvalidQuery(where, f"a list has 1 to {MAX_VALUES} values, not {len(values)}")
    return list(enumerate(values))


def _bounds(bounds: Mapping[str, object], kind: FieldKind, where: str) -> dict[str, float]:
    if kind not in {"number", "integer"}:
        raise InvalidQuery(where, "only a number has bounds; give a value or a list")
    if not bounds:
        raise InvalidQuery(where, f"give at least one of {', '.join(_BOUNDS)}")
    checked = {}
    for name, value in bounds.items():
        if name not in _BOUNDS:
            raise InvalidQuery(f"{where}.{name[:100]}", f"not a bound; there is {', '.join(_BOUNDS)}")
        checked[name] = _number(value, f"{where}.{name}")
    for pair in (("gte", "gt"), ("lte", "lt")):
        if all(bound in checked for bound in pair):
            raise InvalidQuery(where, f"give {pair[0]} or {pair[1]}, not both")
    return checked


def _scalar(value: object, kind: FieldKind, where: str) -> str | float | bool:
    if kind == "boolean":
        if not isinstance(value, bool):
            raise InvalidQuery(where, "expected true or false")
        return value
    if kind == "keyword":
        return _text(value, where)
    number = _number(value, where)
    if kind == "integer":
        if number != int(number):
            raise InvalidQuery(where, "expected a whole number")
        return int(number)
    return number


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidQuery(where, "expected text")
    if len(value) > MAX_VALUE_CHARS:
        raise InvalidQuery(where, f"longer than {MAX_VALUE_CHARS} characters")
    return checked_text(value, where)


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidQuery(where, "expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidQuery(where, "expected a finite number")
    return number


def checked_text(value: str, where: str) -> str:
    """Return text that can be sent; raises :class:`~plugin.errors.InvalidQuery` for half a surrogate pair."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidQuery(where, "holds half of a surrogate pair, which is no character") from error
    return value
