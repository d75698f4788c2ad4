"""Recommendations, composed: the viewed item in the query's place, candidates from every origin, the same ranker."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from personal.event_times import now_ms
from personal.recommend import query_of, reason_of, title_of
from plugin.candidates import Hit
from plugin.catalogue import Catalogue
from plugin.errors import EngineRejected
from ranker.blend import SHORTLIST, Blend, blended, shortlist
from ranker.candidate import Candidate, Ranking, Scored
from ranker.diversity import diversified
from ranker.fusion import first_stage
from ranker.model import Workings

from . import metrics
from .candidates import candidate_of
from .catalogues import Catalogues
from .parts import Parts
from .recommend_window import NOTHING, Ask, Standpoint, Windowing
from .schemas.recommend import RecommendationOut, RecommendOut

__all__ = ["SHORTLIST", "Ask", "RecommendService", "ranked", "scored", "worked"]

log = logging.getLogger("hybridrank.service")

DIVERSIFIED = 4
"""How many times the wanted list is looked at for different items."""


class RecommendService:
    """Answers what goes with an item, a visit and a person. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._catalogues = Catalogues(parts.engine)

    def answer(self, ask: Ask) -> RecommendOut:
        """Recommend.

        Raises:
            Problem: the item is not in the catalogue.
            UnknownCatalogue: no such index.
            EngineError: the engine does not answer or refuses.
        """
        started = time.perf_counter()
        name = ask.index or self._parts.settings.index
        try:
            found = _Answering(self._parts, self._catalogues.find(name), ask).out()
        except EngineRejected as error:
            if error.status != 404:
                raise
            self._catalogues.forget(name)  # a rebuild has put another generation in this one's place
            found = _Answering(self._parts, self._catalogues.find(name), ask).out()
        return found.model_copy(update={"took_ms": round((time.perf_counter() - started) * 1000, 2)})


class _Answering:
    """One answer on its way."""

    def __init__(self, parts: Parts, catalogue: Catalogue, ask: Ask) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._ask = ask
        self._lacks: list[str] = [ask.lacks] if ask.lacks is not None else []
        held, without_held = parts.people.read(ask.visitor, catalogue.name) if ask.visitor.owner else NOTHING
        if without_held is not None:
            self._lacks.append(without_held)
        self._window = Windowing(parts, catalogue, ask, Standpoint(held, now_ms()), self._lacks)

    def out(self) -> RecommendOut:
        viewed = self._window.viewed()
        origins = self._window.origins(viewed)
        hits = self._window.hits(viewed, origins)
        blend = self._window.blend()
        ranking, lacking = ranked(self._parts, viewed, hits, blend)
        if lacking is not None:
            self._lacks.append(lacking)
        known = {hit.id: hit for hit in hits}
        chosen = self._different(ranking, known)
        title = title_of(viewed) if viewed is not None else None
        results = []
        for item in chosen:
            hit = known[item.id]
            reason = reason_of(item.id, hit.signals, origins, title, blend, language=self._ask.language)
            signals = {name: round(value, 6) for name, value in hit.signals.items()}
            results.append(
                RecommendationOut(
                    id=item.id, score=round(item.score, 6), reason=reason, signals=signals, source=dict(hit.source)
                )
            )
        degraded = ", ".join(sorted(set(self._lacks))) or None
        return RecommendOut(recommendations=results, took_ms=0.0, degraded=degraded)

    def _different(self, ranking: Ranking, known: Mapping[str, Hit]) -> list[Scored]:
        """The wanted number of items, by score and by how they differ."""
        best = list(ranking.items[: self._ask.size * DIVERSIFIED])
        if self._ask.diversity == 0.0 or len(best) < 2:
            return best[: self._ask.size]
        texts = {item.id: known[item.id].text for item in best}
        limit = self._parts.settings.behaviour_budget_ms / 1000
        vectors = self._window.without(
            "diversity",
            lambda: self._parts.item_vectors.of(self._catalogue.index, texts, timeout_s=limit),
            None,
        )
        if not vectors:
            return best[: self._ask.size]
        nothing = np.zeros_like(next(iter(vectors.values())))
        table = np.stack([vectors.get(item.id, nothing) for item in best])
        order = diversified([item.score for item in best], table, self._ask.diversity, size=self._ask.size)
        return [best[place] for place in order]


def scored(parts: Parts, viewed: Mapping[str, Any] | None, window: Sequence[Candidate]) -> tuple[Ranking, str | None]:
    """A window in the ranker's order, before live signals; and what could not be had."""
    workings, lacking = worked(parts, viewed, window)
    return workings.ranking, lacking


def worked(parts: Parts, viewed: Mapping[str, Any] | None, window: Sequence[Candidate]) -> tuple[Workings, str | None]:
    """As :func:`scored`, with what the order came of.

    Without a viewed item there are no words that the ranker could read: the first stage orders.
    """
    if viewed is None:
        return Workings.without_model(first_stage(window)), None
    settings = parts.settings
    deadline = time.monotonic() + settings.rerank_budget_ms / 1000
    with metrics.stage("rank"):
        try:
            ranker = parts.ranker
            depth = ranker.depth(settings.rerank_depth)
            workings = ranker.work(query_of(viewed), window, deadline=deadline, depth=depth)
        except Exception as error:  # noqa: BLE001 - whatever breaks in a model, people still get an answer
            log.error("the model failed: %s", type(error).__name__)
            workings = Workings.without_model(first_stage(window, degraded="model_error"))
    lacking = workings.ranking.degraded
    if lacking is not None:
        metrics.DEGRADED.labels(lacking).inc()
    return workings, lacking


def ranked(
    parts: Parts, viewed: Mapping[str, Any] | None, hits: Sequence[Hit], blend: Blend
) -> tuple[Ranking, str | None]:
    """The best candidates in their order, live signals blended in; and what could not be had."""
    window = shortlist([candidate_of(hit) for hit in hits], SHORTLIST, blend)
    ranking, lacking = scored(parts, viewed, window)
    return blended(ranking, window, blend), lacking
