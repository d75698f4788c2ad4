"""Whole requests, one or more of every endpoint: what mutations start from."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from .mutate import encoded, odd_bytes, odd_headers, odd_json, odd_query, odd_text

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")


@dataclass(frozen=True)
class Whole:
    """A request that is all right.

    Attributes:
        method, path: of the endpoint, as the service's map of addresses has them.
        body: a JSON value; ``None`` where there is none.
        query: parameters.
        url: where it is not the path itself.
    """

    method: str
    path: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True)
class Known:
    """What whole requests name: a catalogue and one of its products, and what the service gave out a moment ago.

    Attributes:
        index, inner, product: the catalogue, its index by its own name, and the product.
        ticket: of ``/v1/plugin/query``.
        query_id: of a search.
        page_id: of an interleaved page.
        headers: of a visit, and of somebody who is logged in.
    """

    index: str
    inner: str
    product: str
    ticket: str = "e30.0"
    query_id: str = "q-1"
    page_id: str = "fuzz-page"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A malformed request: ``endpoint`` is what it is counted under."""

    endpoint: str
    method: str
    target: str
    headers: dict[str, str]
    content: bytes | None


def wholes(known: Known) -> list[Whole]:
    """One or more of each endpoint."""
    index, product = known.index, known.product
    event = {
        "application": index,
        "action_name": "click",
        "event_id": "fuzz-1",
        "query_id": known.query_id,
        "client_id": "fuzz-client",
        "session_id": "fuzz-session",
        "timestamp": "2026-03-03T16:47:48.835Z",
        "message_type": "QUERY",
        "message": "lamp",
        "user_query": "lamp",
        "event_attributes": {"object": {"object_id": product, "object_id_field": "id"}, "position": {"ordinal": 2}},
    }
    at = {"index": index}
    clauses = {"bool": {"must": [{"match": {"title": "lamp"}}], "filter": [{"term": {"in_stock": True}}]}}
    hits = [{"id": product, "scores": {"bm25": 1.5}, "source": {"id": product, "title": "lamp", "category": ["a"]}}]
    ranked = {"ticket": known.ticket, "from": 0, "size": 3, "hits": hits, "signals": True}
    return [
        Whole("GET", "/healthz"),
        Whole("GET", "/readyz"),
        Whole("GET", "/metrics"),
        Whole("GET", "/openapi.json"),
        Whole("GET", "/", query={"lang": "zh"}),
        Whole("GET", "/tune", query={"lang": "en"}),
        Whole("GET", "/page/<name>", url="/page/app.js"),
        Whole("GET", "/media/<index>/<path:product>", url=f"/media/{index}/{product}"),
        Whole(
            "POST", "/v1/search", {**at, "query": "desk lamp", "size": 3, "filters": {"price": {"gte": 1, "lt": 90}}}
        ),
        Whole("POST", "/v1/search", {**at, "query": "", "sort": "price:asc", "facets": ["brand", "price"], "from": 2}),
        Whole(
            "POST", "/v1/search", {**at, "query": "lamp", "query_id": known.query_id, "filters": {"brand": ["A", "B"]}}
        ),
        Whole("POST", "/v1/search", {**at, "image": "data:image/png;base64,iVBORw0KGgo=", "explain": True}),
        Whole("GET", "/v1/suggest", query={**at, "q": "lam", "size": 5}),
        Whole("GET", "/v1/recommend", query={**at, "item": product, "size": 3, "diversity": 0.2, "exclude": "a,b"}),
        Whole("GET", "/v1/recommend", query={**at, "social": "true"}),
        Whole("GET", "/v1/recommend/stream", query={**at, "item": product, "size": 2}),
        Whole("GET", "/v1/related", query={**at, "query": "lamp", "shown": product, "size": 3}),
        Whole("POST", "/v1/explain", {**at, "id": product, "query": "lamp", "passes": 0, "limit_ms": 50}),
        Whole("POST", "/v1/explain", {**at, "id": product, "kind": "recommend", "item": product, "language": "zh"}),
        Whole("POST", "/v1/explain", {**at, "id": "lamp", "kind": "suggest", "query": "la"}),
        Whole(
            "POST", "/v1/rerank", {"query": "lamp", "documents": ["a lamp", {"text": "b"}], "top_n": 1, "model": "m"}
        ),
        Whole("POST", "/v2/rerank", {"query": "lamp", "texts": ["a lamp"], "raw_scores": True, "return_text": True}),
        Whole("POST", "/rerank", {"query": "lamp", "candidates": [{"id": "a", "text": "b", "signals": {"bm25": 1.0}}]}),
        Whole("POST", "/v1/embed", {"texts": ["lamp"], "images": ["data:image/png;base64,iVBORw0KGgo="]}),
        Whole("POST", "/v1/embed", {"texts": ["lamp"]}),
        Whole("POST", "/v1/events", [event, {**event, "event_id": "fuzz-2", "action_name": "purchase"}]),
        Whole("POST", "/v1/events", event),
        Whole("POST", "/ubi_events", [event]),
        Whole("POST", "/v1/graph", {"edges": [["fuzz-anna", "fuzz-ben"]], "remove": [["fuzz-anna", "fuzz-eve"]]}),
        Whole("GET", "/v1/sharing"),
        Whole("PUT", "/v1/sharing"),
        Whole("DELETE", "/v1/sharing"),
        Whole("GET", "/v1/profile"),
        Whole("DELETE", "/v1/profile"),
        Whole("GET", "/v1/merchandising", query={**at, "query": "lamp"}),
        Whole(
            "PUT",
            "/v1/merchandising",
            {
                **at,
                "query": "lamp",
                "pinned": [product, {"id": "b", "place": 3}],
                "hidden": ["c"],
                "boosts": {"d": 0.5},
            },
        ),
        Whole("DELETE", "/v1/merchandising", query={**at, "query": "lamp"}),
        Whole("POST", "/v1/judgments", {**at, "query": "lamp", "judgments": [{"id": product, "grade": 3}]}),
        Whole("GET", "/v1/judgments", query={**at, "query": "lamp"}),
        Whole("POST", "/v1/tuning/weigh", {**at, "weights": {"bm25": 0.5}}),
        Whole("GET", "/v1/tuning/weights"),
        Whole("PUT", "/v1/tuning/weights", {"weights": {"bm25": 0.0}}),
        Whole("POST", "/v1/tuning/compare", {**at, "query": "lamp", "systems": ["bm25", "ranked"], "size": 2}),
        Whole("POST", "/v1/tuning/pages", {**at, "query": "lamp", "systems": ["bm25", "rrf"], "size": 2}),
        Whole("POST", "/v1/tuning/pages/click", {**at, "page_id": known.page_id, "id": product}),
        Whole("GET", "/v1/tuning/duel", query={**at, "a": "bm25", "b": "ranked"}),
        Whole("GET", "/v1/models"),
        Whole("PUT", "/v1/models", {"name": "fuzz-none"}),
        Whole(
            "POST", "/v1/plugin/query", {"index": known.inner, "query": clauses, "from": 0, "size": 10, "text": "lamp"}
        ),
        Whole(
            "POST",
            "/v1/plugin/query",
            {"index": known.inner, "query": {"match": {"title": {"query": "lamp"}}}, "query_id": known.query_id},
        ),
        Whole("POST", "/v1/plugin/rank", ranked),
        Whole(
            "POST",
            "/v1/plugin/documents",
            {"index": known.inner, "products": [{"id": "a", "title": "b", "image": "c.jpg"}]},
        ),
        Whole("GET", "/demo/shopper"),
        Whole("PUT", "/demo/shopper", {"name": "Ada"}),
        Whole("DELETE", "/demo/shopper"),
    ]


def malformed(rng: random.Random, whole: Whole, who: dict[str, str]) -> Sent:
    """A request with at least one thing wrong, or unusual, in it; half of them are somebody's (``who``: headers)."""
    method, target, content = whole.method, whole.url or whole.path, None
    headers = dict(who) if rng.random() < 0.5 else {}
    query = "&".join(f"{name}={value}" for name, value in whole.query.items())
    if whole.body is not None:
        content = encoded(whole.body)
        headers["Content-Type"] = "application/json"
    times = rng.choice((1, 1, 1, 2, 4))
    how = rng.random()
    if how < 0.72 and whole.body is not None:
        content = encoded(odd_json(rng, whole.body, times))
    elif how < 0.84 and whole.body is not None:
        content = odd_bytes(rng, encoded(whole.body), times)
    elif how < 0.84 and (whole.query or rng.random() < 0.5):
        query = odd_query(rng, whole.query)
    elif how < 0.93:
        headers |= odd_headers(rng)
    elif how < 0.96:
        method = rng.choice(METHODS)
    elif how < 0.98:
        content = rng.choice((b"", b"null", b"\x00" * 500, b"[" * 5000, b"{}", b"[]", rng.randbytes(200)))
    else:
        cut = rng.randrange(1, len(target) + 1)
        target = target[:cut] + odd_query(rng, {"": odd_text(rng)})[:300] + target[cut:]
    return Sent(f"{whole.method} {whole.path}", method, f"{target}?{query}" if query else target, headers, content)
