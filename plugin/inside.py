"""The body of a search that OpenSearch's own pipeline runs: the clauses that ``/v1/search`` sends, in a shop's request.

What the shop asked for beside its query (aggregations, highlights, suggestions) stays in its request as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import lexical
from .catalogue import Catalogue
from .document import NOT_IN_ANSWERS
from .ordinary import Ordinary
from .query import MAX_WINDOW, VECTOR_BOOST, SearchRequest, window_body

STOCK = "hybridrank.stock"
"""Name of the clause that holds the shop's own query; its score gives the order without hybridrank."""
NOT_READ = (*NOT_IN_ANSWERS, "image", "video")
"""Fields of a product that no ranker reads, so they need not travel."""


@dataclass(frozen=True, slots=True)
class InsideBody:
    """What replaces parts of a shop's request.

    Attributes:
        body: ``query``, ``post_filter``, ``sort``, ``from``, ``size`` and ``_source``.
        search_type: of the request, where words must be counted over all shards first; else ``None``.
        window: how many of the hits are to be ranked, from the first; 0 for a page beyond the window.
        stock: name of the clause whose score is the shop's own order.
        names: of the clauses that the shop did not name itself.
    """

    body: dict[str, Any]
    search_type: str | None
    window: int
    stock: str
    names: tuple[str, ...]


def inside_body(
    catalogue: Catalogue, request: SearchRequest, ordinary: Ordinary, *, bring: Sequence[str], from_: int, size: int
) -> InsideBody:
    """Make the body of a request.

    Args:
        catalogue: where.
        request: what is asked, with its vectors.
        ordinary: what was read of the shop's body.
        bring: ids that are to be found whatever they score, as far as the filters let them through.
        from_: place of the first wanted result.
        size: how many are wanted.
    """
    window = min(MAX_WINDOW, request.window(catalogue.shards) + len(bring))
    beyond = from_ >= window
    first, count = (from_, size) if beyond else (0, min(MAX_WINDOW, max(window, from_ + size)))
    made = window_body(request, from_=first, size=count)
    should: list[dict[str, Any]] = made["query"]["bool"]["should"]
    if ordinary.stock is not None:
        should.append({"bool": {"must": [ordinary.stock], "_name": STOCK}})
    if bring:
        should.append({"constant_score": {"filter": {"ids": {"values": list(bring)}}, "boost": VECTOR_BOOST}})
    if ordinary.post_filter is not None:
        # Not inside the vectors' clauses: what aggregations count must not depend on it.
        passing = made.setdefault("post_filter", {"bool": {"should": [{"match_all": {}}]}})
        passing["bool"]["filter"] = [ordinary.post_filter]
        passing["bool"]["minimum_should_match"] = 1
    return InsideBody(
        {name: made[name] for name in ("query", "post_filter", "sort", "from", "size", "_source") if name in made},
        "dfs_query_then_fetch" if catalogue.shards > 1 else None,
        0 if beyond else window,
        lexical.NAME if ordinary.stock is None else STOCK,
        (*request.vectors, *(() if ordinary.stock is None else (lexical.NAME, STOCK))),
    )
