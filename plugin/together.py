"""What the people who did something with one item did with others: asked of the people's documents of behaviour.

A person's document says that one person did something with one item (``kind`` person, ``did`` the actions without
impressions, ``at`` when last). So a count of documents is a count of people, and no client weighs more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .client import Engine
from .names import BEHAVIOUR

INTEREST = ("add_to_cart", "click", "purchase", "view", "watch")
"""Actions that say that somebody cared."""
PEOPLE = 300
"""Of an item, so many people are looked at: those who did something with it last."""
MIN_PEOPLE = 2
"""One person's two items say nothing about the two items."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How one group of people meets an item.

    Attributes:
        item: id of the product.
        people: of the group who did something with it.
        everyone: of all people who did.
    """

    item: str
    people: int
    everyone: int


@dataclass(frozen=True, slots=True)
class Overlaps:
    """What a group of people did.

    Attributes:
        items: what they did something with, the most telling first.
        pairs: how many pairs of one of them and an item there are.
        all_pairs: the same of everyone; ``pairs / all_pairs`` is the group's share of all that happens.
    """

    items: tuple[Overlap, ...]
    pairs: int
    all_pairs: int


@dataclass(frozen=True, slots=True)
class Group:
    """People who did one of the actions with one of the items, latest first; pseudonyms."""

    people: tuple[str, ...]


def people_of(
    engine: Engine,
    family: str,
    catalogue: str,
    groups: Sequence[tuple[Sequence[str], Sequence[str]]],
    *,
    apart: str | None = None,
    limit: int = PEOPLE,
    timeout_s: float | None = None,
) -> list[Group]:
    """Who did something with items, in one request.

    Args:
        engine: the cluster.
        family: of the counters.
        catalogue: the alias.
        groups: (items, actions) each: those who did one of the actions with one of the items.
        apart: somebody who is left out of every group.
        limit: most people of a group.
        timeout_s: seconds; ``None`` takes the configuration's.

    Returns:
        One group each, in their order. What was counted within the last refresh (5 s) may be missing.

    Raises:
        EngineError: the engine does not answer or refuses, or behaviour is not installed.
    """
    searches = []
    for items, actions in groups:
        clauses = [*_of(family, catalogue), {"terms": {"item": list(items)}}, {"terms": {"did": list(actions)}}]
        query: dict[str, Any] = {"bool": {"filter": clauses}}
        if apart is not None:
            query["bool"]["must_not"] = [{"term": {"person": apart}}]
        body = {
            "size": limit,
            "query": query,
            "sort": [{"at": "desc"}],
            "track_total_hits": False,
            "_source": ["person"],
        }
        searches.append(({"index": BEHAVIOUR}, body))
    answers = engine.msearch(searches, timeout_s) if searches else []
    return [
        Group(tuple(dict.fromkeys(str(hit["_source"]["person"]) for hit in answer["hits"]["hits"])))
        for answer in answers
    ]


def overlaps(
    engine: Engine,
    family: str,
    catalogue: str,
    groups: Sequence[tuple[Group, Sequence[str], Sequence[str]]],
    *,
    size: int = 100,
    timeout_s: float | None = None,
) -> list[Overlaps]:
    """What groups of people did besides, in one request.

    The items are those that are told apart best from what everyone does (the engine's ``significant_terms`` with the
    JLH score), so that what all buy does not stand beside everything.

    Args:
        engine: the cluster.
        family: of the counters.
        catalogue: the alias.
        groups: (people, actions, items that are left out) each.
        size: most items of a group.
        timeout_s: seconds; ``None`` takes the configuration's.

    Raises:
        EngineError: as :func:`people_of`.
    """
    searches = []
    for group, actions, without in groups:
        everyone = [*_of(family, catalogue), {"terms": {"did": list(actions)}}]
        told: dict[str, Any] = {
            "field": "item",
            "size": size,
            "min_doc_count": MIN_PEOPLE,
            "background_filter": {"bool": {"filter": everyone}},
        }
        clauses = [*everyone, {"terms": {"person": list(group.people)}}]
        query: dict[str, Any] = {"bool": {"filter": clauses}}
        if without:
            query["bool"]["must_not"] = [{"terms": {"item": list(without)}}]
        searches.append(({"index": BEHAVIOUR}, {"size": 0, "query": query, "aggs": {"items": _significant(told)}}))
    answers = engine.msearch(searches, timeout_s) if searches else []
    return [_read(answer["aggregations"]["items"]) for answer in answers]


def queries_beside(
    engine: Engine, family: str, catalogue: str, query: str, *, size: int = 50, timeout_s: float | None = None
) -> Overlaps:
    """Which queries led to the same items as one query did.

    Args:
        engine: the cluster.
        family: of the counters.
        catalogue: the alias.
        query: pseudonym of the query.
        size: most queries.
        timeout_s: seconds for each of two requests.

    Returns:
        Pseudonyms of queries as ``item``; what is counted is not people but items that both led to.

    Raises:
        EngineError: as :func:`people_of`.
    """
    counters = [{"term": {name: value}} for name, value in (("kind", "query"), ("family", family))]
    counters.append({"term": {"catalogue": catalogue}})
    body: dict[str, Any] = {
        "size": PEOPLE,
        "query": {"bool": {"filter": [*counters, {"term": {"query": query}}]}},
        "track_total_hits": False,
        "_source": ["item", "sums"],
    }
    hits = engine.search(BEHAVIOUR, body, timeout_s=timeout_s)["hits"]["hits"]
    counted = [(str(hit["_source"]["item"]), hit["_source"]["sums"]) for hit in hits]
    items = [item for item, sums in counted if not all(name.startswith("impression") for name in sums)]
    if not items:
        return Overlaps((), 0, 0)
    told = {
        "field": "query",
        "size": size,
        "min_doc_count": 1,
        "background_filter": {"bool": {"filter": counters}},
    }
    body = {
        "size": 0,
        "query": {
            "bool": {"filter": [*counters, {"terms": {"item": items}}], "must_not": [{"term": {"query": query}}]}
        },
        "aggs": {"items": _significant(told)},
    }
    answer = engine.search(BEHAVIOUR, body, timeout_s=timeout_s)
    return _read(answer["aggregations"]["items"])


def busiest(
    engine: Engine, family: str, catalogue: str, *, since_ms: int, size: int = 50, timeout_s: float | None = None
) -> list[tuple[str, int]]:
    """The items that most people did something with since a moment.

    Returns:
        (item, people) each, most people first, ties by id.

    Raises:
        EngineError: as :func:`people_of`.
    """
    clauses = [
        *_of(family, catalogue),
        {"terms": {"did": list(INTEREST)}},
        {"range": {"at": {"gte": since_ms}}},
    ]
    terms = {"field": "item", "size": size, "order": [{"_count": "desc"}, {"_key": "asc"}]}
    body = {"size": 0, "query": {"bool": {"filter": clauses}}, "aggs": {"items": {"terms": terms}}}
    answer = engine.search(BEHAVIOUR, body, timeout_s=timeout_s)
    return [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in answer["aggregations"]["items"]["buckets"]]


def _significant(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"significant_terms": {**told, "jlh": {}}}


def _read(answer: Mapping[str, Any]) -> Overlaps:
    items = tuple(
        Overlap(str(bucket["key"]), int(bucket["doc_count"]), int(bucket["bg_count"])) for bucket in answer["buckets"]
    )
    return Overlaps(items, int(answer["doc_count"]), int(answer["bg_count"]))


def _of(family: str, catalogue: str) -> list[dict[str, Any]]:
    terms = {"kind": "person", "family": family, "catalogue": catalogue, "query": ""}
    return [{"term": {name: value}} for name, value in terms.items()]
