"""What the engine says of one product for several wordings of a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .candidates import params_of
from .catalogue import Catalogue
from .client import Engine
from .lexical import NAME, clauses_of, lexical_clause
from .query import SearchRequest, exact_clause

MOST_CLAUSES = 900
"""Of one search; the engine refuses more than 1,024."""


def signals_of(
    engine: Engine,
    catalogue: Catalogue,
    product: str,
    requests: Sequence[SearchRequest],
    *,
    timeout_s: float | None = None,
) -> list[dict[str, float]]:
    """BM25 and cosines of a product for each of several requests; raw, as :class:`plugin.candidates.Hit` has them.

    As many of them go into one search as its limit of clauses allows.

    Args:
        engine: the cluster.
        catalogue: where.
        product: its id.
        requests: their words and vectors count, nothing else of them does.
        timeout_s: seconds; ``None`` takes the configuration's.

    Returns:
        by request; without ``bm25`` where it has no words, and without a cosine where there is no vector.

    Raises:
        EngineError: the engine does not answer in time.
    """
    found: list[dict[str, float]] = []
    batch: list[SearchRequest] = []
    clauses = 0
    for request in requests:
        needs = len(request.vectors) + (clauses_of(request.read_words) if request.read_words is not None else 0)
        if batch and clauses + needs > MOST_CLAUSES:
            found += _asked(engine, catalogue, product, batch, timeout_s)
            batch, clauses = [], 0
        batch.append(request)
        clauses += needs
    return found + _asked(engine, catalogue, product, batch, timeout_s) if batch else found


def _asked(
    engine: Engine, catalogue: Catalogue, product: str, requests: Sequence[SearchRequest], timeout_s: float | None
) -> list[dict[str, float]]:
    should: list[dict[str, Any]] = []
    for number, request in enumerate(requests):
        if request.read_words is not None:
            clause = lexical_clause(request.read_words)
            clause["bool"]["_name"] = f"{number}:{NAME}"
            should.append(clause)
        should += [exact_clause(f"{number}:{name}", vector, field=name) for name, vector in request.vectors.items()]
    body = {
        "query": {"bool": {"filter": [{"ids": {"values": [product]}}], "should": should}},
        "size": 1,
        "_source": False,
    }
    hits = engine.search(catalogue.name, body, params_of(catalogue), timeout_s)["hits"]["hits"]
    scores = hits[0].get("matched_queries", {}) if hits else {}
    found: list[dict[str, float]] = []
    for number, request in enumerate(requests):
        signals: dict[str, float] = {}
        if request.read_words is not None:
            signals[NAME] = float(scores.get(f"{number}:{NAME}", 0.0))
        for name in request.vectors:
            if (score := scores.get(f"{number}:{name}")) is not None:
                signals[name] = 2.0 * float(score) - 1.0
        found.append(signals)
    return found
