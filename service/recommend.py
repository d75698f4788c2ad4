"""Recommendations, composed: the viewed item in the query's place, candidates from every origin, the same ranker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from personal.errors import PersonalError
from personal.event_times import now_ms
from personal.profiles import NOTHING_HELD, Held
from personal.recommend import Origins, merged, query_of, reason_of, recent_of, title_of
from personal.viewed import request_of, vector_of
from personal.visitor import NOBODY, Visitor
from plugin.candidates import Hit, gather
from plugin.catalogue import Catalogue
from plugin.document import TEXT_VECTOR, passage
from plugin.errors import EngineError, EngineRejected
from plugin.statedocs import read_many
from ranker.blend import SHORTLIST, blended, shortlist
from ranker.candidate import Candidate, Ranking, Scored
from ranker.diversity import diversified
from ranker.errors import ModelError
from ranker.fusion import first_stage

from . import metrics
from .catalogues import Catalogues
from .parts import Parts
from .problems import Problem
from .schemas.recommend import RecommendationOut, RecommendOut

log = logging.getLogger("hybridrank.service")

AROUND = 3
"""So many of the visit's latest items, beside the viewed one, are asked what goes with them."""
DIVERSIFIED = 4
"""How many times the wanted list is looked at for different items."""

NOTHING: tuple[Held, str | None] = (NOTHING_HELD, None)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted.

    Attributes:
        index: the catalogue; ``None`` is the default one.
        item: id of the item that is looked at; ``None``: the latest of the visit stands in its place.
        size: how many.
        diversity: of maximal marginal relevance, 0..1.
        exclude: ids that must not come: what is on the page.
        visitor: who asks; what they did lately counts.
        lacks: what could not be had before, or ``None``.
        social: let what the person's friends share count.
    """

    index: str | None = None
    item: str | None = None
    size: int = 8
    diversity: float = 0.2
    exclude: tuple[str, ...] = ()
    visitor: Visitor = NOBODY
    lacks: str | None = None
    social: bool = False


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
        self._limit = parts.settings.behaviour_budget_ms / 1000
        self._lacks: list[str] = [ask.lacks] if ask.lacks is not None else []
        self._held, without_held = parts.people.read(ask.visitor, catalogue.name) if ask.visitor.owner else NOTHING
        if without_held is not None:
            self._lacks.append(without_held)
        now = now_ms()
        self._recent = merged([recent_of(taste, now) for taste in (self._held.profile, self._held.session)])

    def out(self) -> RecommendOut:
        viewed = self._viewed()
        origins = self._origins(viewed)
        hits = self._candidates(viewed, origins)
        ranking = self._rank(viewed, hits)
        chosen = self._different(ranking)
        title = title_of(viewed) if viewed is not None else None
        known = {hit.id: hit for hit in hits}
        results = []
        for item in chosen:
            hit = known[item.id]
            reason = reason_of(item.id, hit.signals, origins, title)
            signals = {name: round(value, 6) for name, value in hit.signals.items()}
            results.append(
                RecommendationOut(
                    id=item.id, score=round(item.score, 6), reason=reason, signals=signals, source=dict(hit.source)
                )
            )
        degraded = ", ".join(dict.fromkeys(self._lacks)) or None
        return RecommendOut(recommendations=results, took_ms=0.0, degraded=degraded)

    def _viewed(self) -> Mapping[str, Any] | None:
        """The viewed item with its vectors, or the latest one of the visit that still exists."""
        wanted = [self._ask.item] if self._ask.item is not None else list(self._recent.items[:-4:-1])
        found = read_many(self._parts.engine, [(self._catalogue.index, item) for item in wanted])
        for item in wanted:
            stored = found.get((self._catalogue.index, item))
            if stored is not None:
                return {"id": item, **stored.source}
        if self._ask.item is not None:
            raise Problem(
                404, "unknown-item", "item: the catalogue has no product of that id.", [("item", "no such product")]
            )
        return None

    def _origins(self, viewed: Mapping[str, Any] | None) -> Origins:
        name, recent = self._catalogue.name, self._recent
        own = [str(viewed["id"])] if viewed is not None else []
        before = [item for item in recent.items if item not in own]
        around = before[: -AROUND - 1 : -1]
        reader = self._parts.behaviour.together
        beside = self._without("together", lambda: reader.of(name, [own, around], timeout_s=self._limit), None)
        nothing: Mapping[str, float] = {}
        trending = self._without("trending", lambda: reader.trending(name, timeout_s=self._limit), nothing)
        expected = self._without("sequence", lambda: self._expected([*before, *own]), nothing)
        origins = Origins(sequence=expected, trending=trending, social=self._shared())
        return origins if beside is None else replace(origins, together=beside[0], visit=beside[1])

    def _shared(self) -> Mapping[str, float]:
        """What the person's friends share, where that is wanted."""
        person, nothing = self._ask.visitor.person, dict[str, float]()
        if not self._ask.social or person is None:
            return nothing
        friends, name = self._parts.friends, self._catalogue.name
        return self._without("social", lambda: friends.of(person, name, timeout_s=self._limit), nothing)

    def _expected(self, visit: Sequence[str]) -> Mapping[str, float]:
        """What the catalogue's sequence model expects after the visit and the viewed item."""
        model = self._parts.sequences.of(self._catalogue.name)
        return model.following(visit) if model is not None and visit else {}

    def _candidates(self, viewed: Mapping[str, Any] | None, origins: Origins) -> list[Hit]:
        hidden = {*self._ask.exclude, *self._recent.bought}
        hidden |= {str(viewed["id"])} if viewed is not None else set()
        name, rules = self._catalogue.name, self._parts.behaviour.rules
        rule = self._without("merchandising", lambda: rules.of(name, None, timeout_s=self._limit), None)
        if rule is not None:
            hidden |= set(rule.hidden)
        also = tuple(item for item in origins.ids() if item not in hidden)
        request = request_of(viewed, hidden=hidden, also=also)
        if request.is_listing:
            return []
        with metrics.stage("engine"):
            found = gather(self._parts.engine, replace(self._catalogue, name=self._catalogue.index), request)
        ids = [hit.id for hit in found.hits]
        behaviour = self._parts.behaviour.reader
        nothing: Mapping[str, float] = {}
        known = self._without("behaviour", lambda: behaviour.signals(name, None, ids, timeout_s=self._limit), nothing)
        own: Mapping[str, Mapping[str, float]] = {}
        if self._held:
            sources = {hit.id: hit.source for hit in found.hits}
            own, lacking = self._parts.people.signals(self._held, self._catalogue.name, sources)
            if lacking is not None:
                self._lacks.append(lacking)
        return [
            replace(hit, signals={**_all_signals(hit, known, origins), **own.get(hit.id, {})}) for hit in found.hits
        ]

    def _rank(self, viewed: Mapping[str, Any] | None, hits: Sequence[Hit]) -> Ranking:
        settings = self._parts.settings
        window = shortlist([Candidate(hit.id, passage(hit.source), hit.signals) for hit in hits], SHORTLIST)
        if viewed is None:
            return blended(first_stage(window), window)
        deadline = time.monotonic() + settings.rerank_budget_ms / 1000
        with metrics.stage("rank"):
            try:
                ranking = self._parts.ranker.rank(
                    query_of(viewed), window, deadline=deadline, depth=settings.rerank_depth
                )
            except Exception as error:  # noqa: BLE001 - whatever breaks in a model, people still get an answer
                log.error("the model failed: %s", type(error).__name__)
                ranking = first_stage(window, degraded="model_error")
        if ranking.degraded is not None:
            metrics.DEGRADED.labels(ranking.degraded).inc()
            self._lacks.append(ranking.degraded)
        return blended(ranking, window)

    def _different(self, ranking: Ranking) -> list[Scored]:
        """The wanted number of items, by score and by how they differ."""
        best = list(ranking.items[: self._ask.size * DIVERSIFIED])
        if self._ask.diversity == 0.0 or len(best) < 2:
            return best[: self._ask.size]
        wanted = [(self._catalogue.index, item.id) for item in best]
        found = self._without(
            "diversity",
            lambda: read_many(self._parts.engine, wanted, fields=[TEXT_VECTOR], timeout_s=self._limit),
            None,
        )
        if found is None:
            return best[: self._ask.size]
        vectors = [vector_of(found[key].source if key in found else None, TEXT_VECTOR) for key in wanted]
        width = next((vector.size for vector in vectors if vector is not None), 1)
        table = np.stack([np.zeros(width, np.float32) if vector is None else vector for vector in vectors])
        order = diversified([item.score for item in best], table, self._ask.diversity, size=self._ask.size)
        return [best[place] for place in order]

    def _without(self, part: str, run: Callable[[], T], instead: T) -> T:
        """Do without a part that cannot be had; the answer and the metrics say so."""
        try:
            with metrics.stage(part):
                return run()
        except (EngineError, PersonalError, ModelError) as error:
            metrics.WITHOUT.labels(part, type(error).__name__).inc()
            log.warning("recommendations go without %s: %s", part, type(error).__name__)
            self._lacks.append(part)
            return instead


def _all_signals(hit: Hit, behaviour: Mapping[str, float], origins: Origins) -> dict[str, float]:
    signals = {**hit.signals, **origins.signals(hit.id)}
    if hit.id in behaviour:
        signals["behaviour"] = behaviour[hit.id]
    return signals
