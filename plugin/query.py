"""The typed query builder: a request in, one search body out. No user text can change the body's shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import IMAGE_VECTOR, NOT_IN_ANSWERS, TEXT_VECTOR
from .errors import InvalidQuery
from .facets import facet_aggregations
from .filters import build_filters, checked_text
from .lexical import lexical_clause
from .spelling import MAX_CHARS, suggester

Vector = NDArray[np.float32]

MAX_WINDOW = 10_000
"""How deep the engine pages (``index.max_result_window``)."""
MAX_K = 1000
EF_SEARCH_FACTOR = 1.5
"""Neighbours that the walk through the graph keeps, as a multiple of k, for it misses some; each is brought along."""
VECTOR_BOOST = float(2**20)
"""Far above any BM25 score, so that the members of a vector's top k come first. Their cosines come from elsewhere."""
SORTS = ("price", "rating", "rating_count")


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched for, and how much of it.

    Attributes:
        text: what was typed; ``None`` or blank: nothing was.
        lexical: what BM25 reads of it; ``None`` is all.
        text_vector: its vector, shape (dimension,); ``None``: that signal is not asked.
        image_vector: the vector of an image, the same.
        filters: see :func:`plugin.filters.build_filters`.
        clauses: filters in the engine's own form, which must hold as well.
        facets: see :data:`plugin.facets.NAMES`.
        sort: ``None`` for relevance, else ``FIELD:asc`` or ``FIELD:desc`` with a field of :data:`SORTS`.
        k_lexical: how many of the best lexical matches enter the window.
        k_vector: how many of the nearest by each vector do.
        hidden: ids that must not be found, counted or offered as facets.
        available: whether what is marked as out of stock must not be found either.
        also: ids that are brought whatever they score, as far as the filters let them through.
        from_: place of the first wanted result.
        size: how many are wanted.
        spelling: whether to look for a better spelling.
    """

    text: str | None = None
    lexical: str | None = None
    text_vector: Vector | None = None
    image_vector: Vector | None = None
    filters: Mapping[str, object] = field(default_factory=dict)
    clauses: tuple[Mapping[str, Any], ...] = ()
    facets: tuple[str, ...] = ()
    sort: str | None = None
    k_lexical: int = 100
    k_vector: int = 100
    hidden: tuple[str, ...] = ()
    available: bool = False
    also: tuple[str, ...] = ()
    from_: int = 0
    size: int = 10
    spelling: bool = True

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("k_lexical", self.k_lexical, 1, MAX_K),
            ("k_vector", self.k_vector, 1, MAX_K),
            ("from", self.from_, 0, MAX_WINDOW),
            ("size", self.size, 0, MAX_WINDOW),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InvalidQuery(name, f"expected a whole number in {low}..{high}")
        if self.from_ + self.size > MAX_WINDOW:
            raise InvalidQuery("from", f"from and size together reach beyond {MAX_WINDOW}; narrow the query by filters")
        if self.text is not None:
            checked_text(self.text, "query")
        if self.lexical is not None and (self.words is None or not self.lexical.strip()):
            raise InvalidQuery("lexical", "a part of the text, so not blank and not without a text")
        for name, vector in self.vectors.items():
            _check_vector(name, vector)
        sort_order(self.sort)

    @property
    def words(self) -> str | None:
        """The text when there is any, else ``None``."""
        return self.text if self.text is not None and self.text.strip() else None

    @property
    def read_words(self) -> str | None:
        """What BM25 reads; ``None`` where there is nothing."""
        return self.words if self.lexical is None else self.lexical

    @property
    def vectors(self) -> dict[str, Vector]:
        """The vectors that are asked, by signal."""
        both = {TEXT_VECTOR: self.text_vector, IMAGE_VECTOR: self.image_vector}
        return {name: vector for name, vector in both.items() if vector is not None}

    @property
    def is_listing(self) -> bool:
        """Whether the order is a field's and not relevance's: sorted, or nothing to be relevant to."""
        return self.sort is not None or (self.words is None and not self.vectors and not self.also)

    def window(self, shards: int) -> int:
        """How many hits hold every signal's top k, by construction.

        Each shard answers its own nearest, ``ef`` of them; then follow the lexical matches in the order of BM25.
        """
        lexical = self.k_lexical if self.words is not None else 0
        return min(MAX_WINDOW, lexical + len(self.also) + shards * self.ef_search * len(self.vectors))

    @property
    def ef_search(self) -> int:
        """How many neighbours the walk through the graph keeps."""
        return math.ceil(self.k_vector * EF_SEARCH_FACTOR)


def sort_order(sort: str | None) -> tuple[str, str] | None:
    """Read ``FIELD:asc`` or ``FIELD:desc``; raises :class:`~plugin.errors.InvalidQuery` for ``sort``."""
    if sort is None:
        return None
    name, _, order = sort.partition(":")
    if name not in SORTS or order not in {"asc", "desc"}:
        raise InvalidQuery("sort", f"expected FIELD:asc or FIELD:desc with one of {', '.join(SORTS)}")
    return name, order


def window_body(request: SearchRequest, *, from_: int, size: int) -> dict[str, Any]:
    """The body of a search by relevance, from the engine's place ``from_`` on."""
    clauses = _filters(request)
    should = [] if request.read_words is None else [lexical_clause(request.read_words)]
    should += [_nearest(request, name, vector, clauses) for name, vector in request.vectors.items()]
    if request.also:
        should.append({"ids": {"values": list(request.also), "boost": VECTOR_BOOST}})
    body = _frame(request, {"bool": {"should": should, "minimum_should_match": 1, "filter": clauses}}, from_, size)
    body["sort"] = [{"_score": "desc"}, {"id": {"order": "asc", "unmapped_type": "keyword"}}]
    return body


def listing_body(request: SearchRequest) -> dict[str, Any]:
    """The body of a listing: the lexical matches, or everything when nothing was typed, in the order of a field."""
    query: dict[str, Any] = {"bool": {"filter": _filters(request)}}
    query["bool"]["must"] = [{"match_all": {}} if request.read_words is None else lexical_clause(request.read_words)]
    body = _frame(request, query, request.from_, request.size)
    order = sort_order(request.sort)
    by_field = [] if order is None else [{order[0]: {"order": order[1], "missing": "_last"}}]
    body["sort"] = [*by_field, {"id": {"order": "asc"}}]
    return body


def exact_clause(name: str, vector: Vector, *, field: str | None = None) -> dict[str, Any]:
    """The exact cosine to a vector field as a clause of a name, which is the field's unless said otherwise; its score
    is ``(1 + cosine) / 2``."""
    field = field or name
    params = {"field": field, "query_value": _numbers(vector), "space_type": "cosinesimil"}
    return {
        "script_score": {
            "query": {"exists": {"field": field}},
            "script": {"source": "knn_score", "lang": "knn", "params": params},
            "_name": name,
        }
    }


def _filters(request: SearchRequest) -> list[dict[str, Any]]:
    clauses = [*build_filters(request.filters), *map(dict, request.clauses)]
    if request.hidden:
        clauses.append({"bool": {"must_not": [{"ids": {"values": list(request.hidden)}}]}})
    if request.available:
        clauses.append({"bool": {"must_not": [{"term": {"in_stock": False}}]}})
    return clauses


def _frame(request: SearchRequest, query: dict[str, Any], from_: int, size: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "query": query,
        "from": from_,
        "size": size,
        "track_total_hits": True,
        "_source": {"excludes": list(NOT_IN_ANSWERS)},
    }
    if request.vectors:
        # Never filters, for match_all lets everything through: it is where the fetch phase finds the exact cosines.
        exact = [exact_clause(name, vector) for name, vector in request.vectors.items()]
        body["post_filter"] = {"bool": {"should": [{"match_all": {}}, *exact]}}
    if request.facets:
        body["aggs"] = facet_aggregations(request.facets)
    if request.spelling and request.words is not None and len(request.words) <= MAX_CHARS:
        body["suggest"] = suggester(request.words)
    return body


def _nearest(request: SearchRequest, name: str, vector: Vector, filters: list[dict[str, Any]]) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "vector": _numbers(vector),
        "k": request.k_vector,
        "method_parameters": {"ef_search": request.ef_search},
        "boost": VECTOR_BOOST,
    }
    if filters:
        inner["filter"] = {"bool": {"filter": filters}}
    return {"knn": {name: inner}}


def _numbers(vector: Vector) -> list[float]:
    """A vector at length 1, as it is sent: all that is asked of it is its direction. Seven decimals move a cosine by
    less than a 32-bit number's own rounding, and are half as long to write, to send and to read."""
    unit = vector.astype(np.float64)
    result: list[float] = np.round(unit / np.linalg.norm(unit), 7).tolist()
    return result


def _check_vector(name: str, vector: Vector) -> None:
    if vector.ndim != 1 or not vector.size:
        raise InvalidQuery(name, "expected one vector")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not math.isfinite(length) or length == 0.0:
        raise InvalidQuery(name, "a vector needs finite numbers that are not all 0")
