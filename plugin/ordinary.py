"""Reading an ordinary search body: what a person typed, and the filters around it.

Shops send what they have always sent: ``match``, ``multi_match``, ``simple_query_string``, alone or in a ``bool`` with
filters. Whatever cannot be understood for certain is said to be :class:`NotOrdinary`, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import lexical
from .document import VECTORS

Clause = Mapping[str, Any]

_ONE_FIELD = frozenset({"match", "match_phrase", "match_phrase_prefix", "match_bool_prefix"})
_OWN_TEXT = frozenset({"multi_match", "simple_query_string"})
TEXT_QUERIES = _ONE_FIELD | _OWN_TEXT
_WITHOUT_TEXT = frozenset(
    {"term", "terms", "terms_set", "range", "exists", "ids", "prefix", "wildcard", "regexp", "match_all", "knn"}
)
_OPERATORS = re.compile(r'["|*()~]|(?:^|\s)[+-](?=\S)')
"""What ``simple_query_string`` reads as more than words."""


class NotOrdinary(Exception):
    """A query that is left as it is.

    Attributes:
        reason: one word for counters: ``no_text``, ``several_texts``, ``operators``, or the kind of query that is not
            understood.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ordinary:
    """What was read.

    Attributes:
        text: what was typed, its spaces folded.
        filters: clauses that must hold, in the engine's own form.
        stock: the query as it came; ``None`` where its words are read by hybridrank's own lexical clause, which
            therefore says the same.
        post_filter: what must hold for hits, but not for aggregations; ``None`` when there is nothing.
    """

    text: str
    filters: tuple[Clause, ...]
    stock: Clause | None
    post_filter: Clause | None


def read_ordinary(query: Clause | None, post_filter: Clause | None, *, text: str | None = None) -> Ordinary:
    """Read a body.

    Args:
        query: as the engine writes it back; ``None`` is everything.
        post_filter: likewise.
        text: what was typed, where the caller says so itself.

    Raises:
        NotOrdinary: it is to be left as it is.
    """
    reader = _Reader()
    if query is not None and _kind(query) != "match_all":
        reader.read(query, alone=True)
    typed = list(dict.fromkeys(" ".join(found.split()) for found in reader.texts))
    if text is not None:
        typed = [" ".join(text.split())]
    typed = [found for found in typed if found]
    if not typed:
        raise NotOrdinary("no_text")
    if len(typed) > 1:
        raise NotOrdinary("several_texts")
    kept = None if post_filter is None or _lets_all_through(post_filter) else post_filter
    unread = query is None or reader.own or not reader.texts
    return Ordinary(typed[0], tuple(reader.filters), None if unread else query, kept)


class _Reader:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.filters: list[Clause] = []
        self.own = False

    def read(self, clause: Clause, *, alone: bool) -> None:
        """Read a clause; ``alone`` says that every hit must fulfil it, so that its filters hold for all."""
        kind = _kind(clause)
        body = _object(clause[kind])
        if kind in _ONE_FIELD:
            self.texts.append(_text(body[_kind(body)]))
        elif kind in _OWN_TEXT:
            text = _text(body)
            if kind == "simple_query_string" and _OPERATORS.search(text):
                raise NotOrdinary("operators")
            self.texts.append(text)
        elif kind == "bool":
            self._bool(body, alone=alone)
        elif kind == "dis_max":
            for inner in _clauses(body, "queries"):
                self.read(inner, alone=False)
        elif kind != "knn" or next(iter(body), None) not in VECTORS:
            raise NotOrdinary(kind)

    def _bool(self, body: Mapping[str, Any], *, alone: bool) -> None:
        if body.get("_name") == lexical.NAME:
            self.own = True
            self.texts.append(_first_text(body))
            return
        must, should = _clauses(body, "must"), _clauses(body, "should")
        needed = [*_clauses(body, "filter"), *({"bool": {"must_not": [one]}} for one in _clauses(body, "must_not"))]
        needed += [one for one in must if not _has_text(one)]
        worded = [one for one in must if _has_text(one)]
        choices = [one for one in should if _has_text(one) or _kind(one) == "knn"]
        least = str(body.get("minimum_should_match", "0"))
        if worded and should and least != "0":
            if choices:
                raise NotOrdinary("minimum_should_match")
            needed.append({"bool": {"should": should, "minimum_should_match": least}})
        if needed and not alone:
            raise NotOrdinary("filter_in_should")
        self.filters += needed
        for one in worded:
            self.read(one, alone=alone)
        for one in choices:
            self.read(one, alone=alone and len(should) == 1 and not worded)


def _object(value: Any) -> Mapping[str, Any]:
    """The engine writes a query back as it understood it; what comes here in another form is nobody's query."""
    if not isinstance(value, Mapping):
        raise NotOrdinary("malformed")
    return value


def _kind(clause: Clause) -> str:
    if len(_object(clause)) != 1:
        raise NotOrdinary("malformed")
    return next(iter(clause))


def _text(said: Any) -> str:
    """What a clause asks for: the value itself, or under ``query``."""
    value = said.get("query") if isinstance(said, Mapping) else said
    if not isinstance(value, str | int | float):
        raise NotOrdinary("malformed")
    return str(value)


def _clauses(body: Mapping[str, Any], part: str) -> Sequence[Clause]:
    found = body.get(part, [])
    if not isinstance(found, Mapping | list):
        raise NotOrdinary("malformed")
    return [found] if isinstance(found, Mapping) else [_object(one) for one in found]


def _has_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(name in TEXT_QUERIES or (name not in _WITHOUT_TEXT and _has_text(v)) for name, v in value.items())
    return isinstance(value, list) and any(_has_text(item) for item in value)


def _first_text(body: Mapping[str, Any]) -> str:
    for one in _clauses(body, "should"):
        if "multi_match" in one:
            return _text(_object(one["multi_match"]))
    raise NotOrdinary("malformed")


def _lets_all_through(clause: Clause) -> bool:
    """Whether it is a choice with ``match_all`` in it, as hybridrank's own bodies have."""
    body = clause.get("bool")
    if not isinstance(body, Mapping) or any(_clauses(body, part) for part in ("must", "filter", "must_not")):
        return "match_all" in clause
    return any("match_all" in one for one in _clauses(body, "should")) and str(
        body.get("minimum_should_match", "1")
    ) in {"0", "1"}
