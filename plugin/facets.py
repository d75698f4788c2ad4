"""Facets: how the matches of a query spread over brand, colour, category, stock and price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidQuery

VALUES = 20
PRICE_EDGES = (0.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
_TERMS = {"brand": "brand.keyword", "color": "color.keyword", "category": "category.keyword", "in_stock": "in_stock"}
NAMES = (*_TERMS, "price")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value and how many matches have it; a price range has ``low`` (inside) and ``high`` (outside)."""

    value: str | bool
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet.

    Attributes:
        values: the most frequent first, ties by value; price ranges from low to high, empty ones left out.
        other: matches whose value is not among ``values``.
        minimum: the lowest price of the matches; ``None`` for other facets and when no match has a price.
        maximum: the highest one.
    """

    values: tuple[FacetValue, ...]
    other: int = 0
    minimum: float | None = None
    maximum: float | None = None


def facet_aggregations(names: Sequence[str]) -> dict[str, Any]:
    """The ``aggs`` part of a request; raises :class:`~plugin.errors.InvalidQuery` for an unknown facet."""
    aggregations: dict[str, Any] = {}
    for name in names:
        if name in _TERMS:
            order = [{"_count": "desc"}, {"_key": "asc"}]
            aggregations[name] = {"terms": {"field": _TERMS[name], "size": VALUES, "order": order}}
        elif name == "price":
            tops: tuple[float | None, ...] = (*PRICE_EDGES[1:], None)
            ranges = [
                {"from": low} if high is None else {"from": low, "to": high}
                for low, high in zip(PRICE_EDGES, tops, strict=True)
            ]
            aggregations["price"] = {"range": {"field": "price", "ranges": ranges}}
            aggregations["price_stats"] = {"stats": {"field": "price"}}
        else:
            raise InvalidQuery("facets", f"no facet {name[:100]!r}; there is {', '.join(NAMES)}")
    return aggregations


def read_facets(answer: Mapping[str, Any], names: Sequence[str]) -> dict[str, Facet]:
    """Read the facets that were asked for out of an answer."""
    found = answer.get("aggregations", {})
    return {name: _price(found) if name == "price" else _terms(found[name]) for name in names}


def _terms(answer: Mapping[str, Any]) -> Facet:
    values = tuple(
        FacetValue(bool(bucket["key"]) if "key_as_string" in bucket else str(bucket["key"]), int(bucket["doc_count"]))
        for bucket in answer["buckets"]
    )
    return Facet(values, int(answer["sum_other_doc_count"]))


def _price(answer: Mapping[str, Any]) -> Facet:
    values = tuple(
        FacetValue(_range_name(bucket), int(bucket["doc_count"]), bucket.get("from"), bucket.get("to"))
        for bucket in answer["price"]["buckets"]
        if bucket["doc_count"]
    )
    stats = answer["price_stats"]
    return Facet(values, 0, stats["min"], stats["max"])


def _range_name(bucket: Mapping[str, Any]) -> str:
    high = bucket.get("to")
    return f"{bucket['from']:g}-{high:g}" if high is not None else f"{bucket['from']:g}-"
