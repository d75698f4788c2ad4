"""What a result page brings besides its results: related queries, and documents beside the best of those shown."""

from __future__ import annotations

import logging
import time

import numpy as np

from multimodal.errors import EncoderError
from personal.errors import PersonalError
from personal.related import Encode
from personal.visitor import NOBODY, Visitor
from plugin.errors import EngineError, UnknownCatalogue

from . import metrics
from .parts import Parts
from .recommend import Ask
from .schemas.related import RelatedOut, RelatedQueryOut
from .vectors import QueryVectors

log = logging.getLogger("hybridrank.service")
DIVERSITY = 0.4
"""Related documents are to lead on, so they differ more than recommendations beside one item."""


def related(
    parts: Parts, index: str | None, query: str, shown: tuple[str, ...], size: int, *, visitor: Visitor = NOBODY
) -> RelatedOut:
    """Find related queries and documents.

    Args:
        parts: of the worker.
        index: the catalogue; ``None`` is the default one.
        query: what was typed.
        shown: the results, best first; documents are related to the first and are none of them.
        size: how many of each at most.
        visitor: who asks.

    Raises:
        Problem: the first of ``shown`` is not in the catalogue.
        UnknownCatalogue, EngineError: as recommendations raise them.
    """
    started = time.perf_counter()
    name = index or parts.settings.index
    lacks: list[str] = []
    queries: list[RelatedQueryOut] = []
    catalogue = parts.search.catalogue(name)
    try:
        vectors = parts.encoders.of(catalogue)
        limit = parts.settings.behaviour_budget_ms / 1000
        with metrics.stage("related"):
            found = parts.behaviour.related.of(
                name,
                query,
                size,
                None if vectors is None else _encoded(vectors),
                timeout_s=limit,
            )
        queries = [RelatedQueryOut(text=one.text, score=round(one.score, 4), reason=one.reason) for one in found]
    except UnknownCatalogue:
        raise
    except (EngineError, PersonalError, EncoderError) as error:
        metrics.WITHOUT.labels("related", type(error).__name__).inc()
        log.warning("an answer goes without related queries: %s", type(error).__name__)
        lacks.append("related queries")
    documents = []
    if shown:
        beside = parts.recommend.answer(Ask(name, shown[0], size, DIVERSITY, shown, visitor))
        documents = beside.recommendations
        lacks += [beside.degraded] if beside.degraded else []
    took = round((time.perf_counter() - started) * 1000, 2)
    return RelatedOut(queries=queries, documents=documents, took_ms=took, degraded=", ".join(lacks) or None)


def warm(parts: Parts) -> None:
    """Encode the texts of the default catalogue that have no vector yet, so that the first answer does not wait.

    Raises:
        EngineError: the engine does not answer.
    """
    name = parts.settings.index
    try:
        vectors = parts.encoders.of(parts.search.catalogue(name))
        if vectors is not None:
            parts.behaviour.related.warm(name, _encoded(vectors))
    except UnknownCatalogue:
        return  # nothing is indexed yet
    except EncoderError as error:
        metrics.LOOP_FAILURES.labels("related queries", type(error).__name__).inc()
        log.warning("texts of related queries could not be encoded: %s", type(error).__name__)


def _encoded(vectors: QueryVectors) -> Encode:
    return lambda texts: np.stack([vectors.of(text) for text in texts])
