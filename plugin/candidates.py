"""Candidates: one request brings each signal's own top k, every member with every signal's score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import lexical
from .catalogue import Catalogue
from .client import Engine
from .document import NOT_IN_ANSWERS
from .errors import InvalidQuery
from .facets import Facet, read_facets
from .products import Product, Products
from .query import SearchRequest, listing_body, window_body
from .spelling import WITHOUT_SPELLING, read_suggestion


@dataclass(frozen=True, slots=True)
class Hit:
    """One product that was found.

    Attributes:
        id: of the product.
        product: its content and what follows from that alone.
        signals: raw, by name: ``bm25`` as Lucene gives it (0: no word matches), ``text_vector`` and ``image_vector``
            cosine in -1..1; and what the document tells (:mod:`plugin.standing`). A name is missing when its
            value is not known: nothing was asked, or there is no vector.
    """

    id: str
    product: Product
    signals: Mapping[str, float]

    @property
    def source(self) -> Mapping[str, Any]:
        """The product, without vectors and what else hybridrank keeps with it."""
        return self.product.source

    @property
    def text(self) -> str:
        """Its passage; see :func:`plugin.document.passage`."""
        return self.product.text


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """What a query found.

    Attributes:
        hits: the union of each signal's top k, in the engine's order (:attr:`ordered`: the wanted page in its order).
        rest: what the request brought beyond the union; it follows after ``hits``.
        total: how many products match.
        facets: by name, those that were asked for, over all matches.
        did_you_mean: a better spelling, or ``None``.
        took_ms: the engine's own time.
        window: places 0 to ``window - 1`` are ``hits`` and ``rest``; later places come from :func:`beyond`.
        ordered: true for a listing, whose order is a field's: nothing to rerank.
    """

    hits: tuple[Hit, ...]
    rest: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Facet] = field(default_factory=dict)
    did_you_mean: str | None = None
    took_ms: int = 0
    window: int = 0
    ordered: bool = False


def gather(
    engine: Engine,
    catalogue: Catalogue,
    request: SearchRequest,
    *,
    products: Products | None = None,
    timeout_s: float | None = None,
) -> CandidateSet:
    """Find the candidates of a query in one request.

    Where most of the products are remembered anyway, their content is left out of it, and what is missing is got by
    id in a second one.

    Args:
        engine: the cluster.
        catalogue: where; see :func:`plugin.catalogue.lookup`.
        request: what for. ``from_`` and ``size`` matter to a listing only; else the whole window is brought.
        products: those that are remembered; ``None`` remembers none.
        timeout_s: seconds of each request; ``None`` takes the configuration's.

    Raises:
        InvalidQuery: a field, filter, facet or vector does not fit.
        EngineUnavailable: the cluster does not answer in time.
    """
    _check_vectors(catalogue, request)
    window = request.window(catalogue.shards)
    body = listing_body(request) if request.is_listing else window_body(request, from_=0, size=window)
    if catalogue.language in WITHOUT_SPELLING:
        body.pop("suggest", None)
    answer, found = _asked(engine, catalogue, body, None if request.is_listing else products, timeout_s)
    hits = read_hits(answer["hits"]["hits"], request, found)
    inside, outside = (hits, ()) if request.is_listing else union(hits, request)
    return CandidateSet(
        hits=inside,
        rest=outside,
        total=int(answer["hits"]["total"]["value"]),
        facets=read_facets(answer, request.facets) if request.facets else {},
        did_you_mean=read_suggestion(answer, request.words) if request.words else None,
        took_ms=int(answer["took"]),
        window=window,
        ordered=request.is_listing,
    )


def _asked(
    engine: Engine, catalogue: Catalogue, body: dict[str, Any], products: Products | None, timeout_s: float | None
) -> tuple[dict[str, Any], Mapping[str, Product] | None]:
    """Send a search, and find the products of its hits; ``None``: they are in the hits."""
    if products is None:
        return engine.search(catalogue.name, body, params_of(catalogue), timeout_s), None
    body["seq_no_primary_term"] = True
    answer = _bare(engine, catalogue, body, timeout_s) if products.mostly else None
    if answer is None:
        answer = engine.search(catalogue.name, body, params_of(catalogue), timeout_s)
    hits = answer["hits"]["hits"]
    versions = {str(hit["_id"]): (int(hit["_seq_no"]), int(hit["_primary_term"])) for hit in hits}
    found = products.known(catalogue.uuid, versions)
    fresh = {
        str(hit["_id"]): (versions[str(hit["_id"])], Product(hit["_source"]))
        for hit in hits
        if "_source" in hit and str(hit["_id"]) not in found
    }
    missing = [name for name in versions if name not in found and name not in fresh]
    if missing:
        fresh |= _fetched(engine, catalogue, missing, timeout_s)
    products.put(catalogue.uuid, fresh)
    return answer, found | {name: product for name, (_, product) in fresh.items()}


def _bare(
    engine: Engine, catalogue: Catalogue, body: Mapping[str, Any], timeout_s: float | None
) -> dict[str, Any] | None:
    """Search without content; ``None`` where a hit does not tell its id in the field that breaks ties.

    Without stored fields nothing is decompressed, not even ids.
    """
    bare = {**{name: part for name, part in body.items() if name != "_source"}, "stored_fields": "_none_"}
    answer = engine.search(catalogue.name, bare, params_of(catalogue), timeout_s)
    for hit in answer["hits"]["hits"]:
        hit["_id"] = hit["sort"][1]
        if hit["_id"] is None:
            return None
    return answer


def _fetched(
    engine: Engine, catalogue: Catalogue, ids: Sequence[str], timeout_s: float | None
) -> dict[str, tuple[tuple[int, int], Product]]:
    """Products as searches see them now; one that is gone since it was found is left out."""
    params = {"realtime": "false", "_source_excludes": ",".join(NOT_IN_ANSWERS)}
    answer = engine.request("POST", f"/{catalogue.name}/_mget", {"ids": list(ids)}, params, timeout_s)
    return {
        str(one["_id"]): ((int(one["_seq_no"]), int(one["_primary_term"])), Product(one["_source"]))
        for one in answer["docs"]
        if one.get("found")
    }


def beyond(
    engine: Engine,
    catalogue: Catalogue,
    request: SearchRequest,
    *,
    from_: int,
    size: int,
    timeout_s: float | None = None,
) -> tuple[Hit, ...]:
    """The results after the window, in the engine's order, so that pages follow without a gap or a repeat.

    Args:
        engine: the cluster.
        catalogue: where.
        request: the same as :func:`gather` had.
        from_: the first wanted place, at least the window.
        size: how many.
        timeout_s: seconds; ``None`` takes the configuration's.
    """
    window = request.window(catalogue.shards)
    if from_ < window:
        raise InvalidQuery("from", f"places below {window} are in the window")
    _check_vectors(catalogue, request)
    body = window_body(request, from_=from_, size=size)
    for unneeded in ("aggs", "suggest"):
        body.pop(unneeded, None)
    answer = engine.search(catalogue.name, body, params_of(catalogue), timeout_s)
    return read_hits(answer["hits"]["hits"], request)


def params_of(catalogue: Catalogue) -> dict[str, str]:
    """The parameters of a search whose named scores are wanted."""
    params = {"include_named_queries_score": "true"}
    if catalogue.shards > 1:
        # A word's weight is the whole catalogue's then, not that of the shard where a product happens to lie.
        params["search_type"] = "dfs_query_then_fetch"
    return params


def _check_vectors(catalogue: Catalogue, request: SearchRequest) -> None:
    encoders = {"text_vector": catalogue.text_encoder, "image_vector": catalogue.image_encoder}
    for name, vector in request.vectors.items():
        if name not in catalogue.fields:
            raise InvalidQuery(name, f"catalogue {catalogue.name!r} has no such vectors")
        encoder = encoders[name]
        if encoder is not None and encoder.dimension != vector.size:
            raise InvalidQuery(name, f"has {vector.size} numbers, the catalogue's vectors have {encoder.dimension}")


def read_hits(
    hits: Sequence[Mapping[str, Any]], request: SearchRequest, products: Mapping[str, Product] | None = None
) -> tuple[Hit, ...]:
    """Read hits in the engine's form: ``_id``, ``_source``, and ``matched_queries`` with scores.

    Args:
        hits: as they came.
        request: what was asked.
        products: of the hits, by id, where they are not in ``_source``; a hit without one is left out.
    """
    now = datetime.now(UTC)
    lexical_asked, vectors, is_listing = request.words is not None, tuple(request.vectors), request.is_listing
    found = []
    for hit in hits:
        name = str(hit["_id"])
        product = Product(hit.get("_source", {})) if products is None else products.get(name)
        if product is None:
            continue
        scores = hit.get("matched_queries", {})
        # A listing is in the order of a field: nothing of it is ranked.
        signals = {} if is_listing else product.standing(now)
        if lexical_asked:
            signals[lexical.NAME] = float(scores.get(lexical.NAME, 0.0))
        for vector in vectors:
            if vector in scores:
                signals[vector] = 2.0 * float(scores[vector]) - 1.0
        found.append(Hit(name, product, signals))
    return tuple(found)


def union(hits: Sequence[Hit], request: SearchRequest) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Split what was brought into the members of some signal's top k and the others, each in the engine's order."""
    members: set[str] = set(request.also)
    words = [(-score, hit.id) for hit in hits if (score := hit.signals.get(lexical.NAME, 0.0)) > 0.0]
    members.update(name for _, name in sorted(words)[: request.k_lexical])
    for vector in request.vectors:
        near = [(-hit.signals[vector], hit.id) for hit in hits if vector in hit.signals]
        members.update(name for _, name in sorted(near)[: request.k_vector])
    return tuple(hit for hit in hits if hit.id in members), tuple(hit for hit in hits if hit.id not in members)
