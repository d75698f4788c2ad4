"""What OpenSearch does by itself: the systems that hybridrank is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from .client import Engine
from .document import IMAGE_VECTOR, TEXT_VECTOR
from .errors import InvalidQuery
from .lexical import lexical_clause
from .names import PIPELINE_MINMAX, PIPELINE_RRF
from .query import Vector

System = Literal["bm25", "text_vector", "image_vector", "hybrid", "rrf"]
SYSTEMS: tuple[System, ...] = get_args(System)


def stock_search(
    system: System,
    *,
    text: str | None = None,
    text_vector: Vector | None = None,
    image_vector: Vector | None = None,
    size: int = 100,
    weights: Sequence[float] | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The body and URL parameters of a stock search.

    Args:
        system: which; ``hybrid`` is min-max and arithmetic mean, ``rrf`` reciprocal rank fusion.
        text: what was typed; needed by ``bm25``.
        text_vector: its vector.
        image_vector: an image's vector.
        size: how many results, and how many of each signal are fused.
        weights: of the signals in ``hybrid``, in the order text, text vector, image vector of those that are given;
            they sum to 1. ``None`` takes the installed pipeline's, which are equal.

    Raises:
        InvalidQuery: a system lacks what it needs, or the weights do not fit.
    """
    clauses: dict[str, dict[str, Any]] = {}
    if text is not None and text.strip():
        clauses["bm25"] = lexical_clause(text)
    for name, vector in ((TEXT_VECTOR, text_vector), (IMAGE_VECTOR, image_vector)):
        if vector is not None:
            clauses[name] = {"knn": {name: {"vector": vector.tolist(), "k": size}}}
    body: dict[str, Any] = {"size": size, "_source": False}
    if system in {"hybrid", "rrf"}:
        if len(clauses) < 2:
            raise InvalidQuery("system", f"{system} fuses at least two signals; give text and a vector")
        query: dict[str, Any] = {"queries": list(clauses.values()), "pagination_depth": size}
        body["query"] = {"hybrid": query}
        return _fused(system, body, len(clauses), weights)
    if system not in clauses:
        raise InvalidQuery("system", f"{system} needs its {'text' if system == 'bm25' else 'vector'}")
    return {**body, "query": clauses[system]}, {}


def search_ids(
    engine: Engine,
    index: str,
    system: System,
    *,
    text: str | None = None,
    text_vector: Vector | None = None,
    image_vector: Vector | None = None,
    size: int = 100,
    weights: Sequence[float] | None = None,
) -> list[tuple[str, float]]:
    """Search as stock OpenSearch does; (id, score), best first, ties by id. Arguments as :func:`stock_search`."""
    body, params = stock_search(
        system, text=text, text_vector=text_vector, image_vector=image_vector, size=size, weights=weights
    )
    answer = engine.search(index, body, params)
    found = [(str(hit["_id"]), float(hit["_score"])) for hit in answer["hits"]["hits"]]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _fused(
    system: System, body: dict[str, Any], signals: int, weights: Sequence[float] | None
) -> tuple[dict[str, Any], dict[str, str]]:
    if weights is None:
        return body, {"search_pipeline": PIPELINE_RRF if system == "rrf" else PIPELINE_MINMAX}
    if system != "hybrid":
        raise InvalidQuery("weights", "only hybrid has weights")
    if len(weights) != signals or abs(sum(weights) - 1.0) > 1e-6 or min(weights) < 0.0:
        raise InvalidQuery("weights", f"expected {signals} weights that sum to 1")
    combination = {"technique": "arithmetic_mean", "parameters": {"weights": list(weights)}}
    normalization = {"technique": "min_max"}
    body["search_pipeline"] = {
        "phase_results_processors": [
            {"normalization-processor": {"normalization": normalization, "combination": combination}}
        ]
    }
    return body, {}
