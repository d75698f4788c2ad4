"""Systems that are set against each other: what each answers to one question, asked by one visitor."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personal.visitor import NOBODY, Visitor
from plugin import stock
from plugin.candidates import Hit, gather
from plugin.errors import InvalidQuery
from plugin.query import SearchRequest
from ranker.model import Ranker
from ranker.weights import Weights

from .models import MODEL, Models
from .parts import Parts
from .problems import invalid
from .schemas.search import SearchBody

RANKED = ("ranked", "personal", "weighted")
"""As the service answers nobody; as it answers whoever asks; as it would with other weights."""
SYSTEMS: tuple[str, ...] = (*stock.SYSTEMS, *RANKED)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a system answers.

    Attributes:
        hits: best first.
        model: who ranked.
        degraded: what it had to do without, or ``None``.
    """

    hits: tuple[Hit, ...]
    model: str
    degraded: str | None


class Rivals:
    """Answers as any of the systems does, and logs nothing. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._models = Models(parts.settings)
        self._lock = threading.Lock()
        self._loaded: dict[Path, Ranker] = {}

    def answer(
        self,
        system: str,
        query: str,
        index: str,
        size: int,
        *,
        visitor: Visitor = NOBODY,
        weights: Weights | None = None,
    ) -> Answered:
        """The best results of one system.

        Args:
            system: one of :data:`SYSTEMS`, or ``model:NAME``.
            query: what is asked.
            index: the catalogue.
            size: how many.
            visitor: who asks; only ``personal`` looks.
            weights: of ``weighted``; the others have those that are served.

        Raises:
            Problem: there is no such system or model.
            InvalidQuery: the catalogue lacks what the system needs.
            UnknownCatalogue, EngineError, EncoderError, RankerError: what the parts raise.
        """
        if system in stock.SYSTEMS:
            return self._stock(system, query, index, size)
        if system not in RANKED and not system.startswith(MODEL):
            raise invalid("system", f"one of {', '.join(SYSTEMS)}, or {MODEL}NAME")
        here = self._parts
        body = SearchBody(query=query, index=index, size=size)
        question = here.search.question(body, visitor if system == "personal" else NOBODY)
        found = gather(here.engine, question.catalogue, question.request)
        found, lacks = here.search.signalled(index, question, found)
        candidates, without_vectors = here.search.candidates(question, found)
        ranker = self.ranker(system)
        ranking = ranker.rank(
            question.request.text or "",
            candidates,
            depth=ranker.depth(here.settings.rerank_depth),
            weights=weights if system == "weighted" and weights is not None else here.weights.now(),
        )
        order = [found.hits[item.position] for item in ranking.items]
        shown = tuple([*order, *found.rest][:size])
        return Answered(shown, ranking.model, ranking.degraded or lacks or without_vectors)

    def ranker(self, system: str) -> Ranker:
        """The model that orders for a system: that of ``model:NAME``, else the one that is served.

        Raises:
            ModelError: there is no such model, or it cannot be used.
        """
        if not system.startswith(MODEL):
            return self._parts.ranker
        folder = self._models.folder(system.removeprefix(MODEL)).resolve()
        with self._lock:
            if folder not in self._loaded:
                self._loaded[folder] = Ranker(folder, threads=self._parts.settings.threads)
            return self._loaded[folder]

    def _stock(self, system: str, query: str, index: str, size: int) -> Answered:
        here = self._parts
        catalogue = here.search.catalogue(index)
        name = next(one for one in stock.SYSTEMS if one == system)
        vectors = None if name in {"bm25", "image_vector"} else here.encoders.of(catalogue)
        space = here.encoders.images_of(catalogue) if name == "image_vector" else None
        if (name == "image_vector" and space is None) or (name not in {"bm25", "image_vector"} and vectors is None):
            raise InvalidQuery("system", f"{name}: catalogue {catalogue.name!r} has no such vectors")
        found = stock.search_ids(
            here.engine,
            catalogue.name,
            name,
            text=None if name in {"text_vector", "image_vector"} else query,
            text_vector=None if vectors is None else vectors.of(query),
            image_vector=None if space is None else space.texts.of(query),
            size=max(size, stock_depth(size)),
        )
        ids = [item for item, _ in found[:size]]
        hits = self.products(index, ids)
        return Answered(tuple(hits[item] for item in ids if item in hits), name, None)

    def products(self, index: str, ids: Sequence[str]) -> Mapping[str, Hit]:
        """Products by id, as they stand in answers."""
        if not ids:
            return {}
        request = SearchRequest(filters={"id": list(ids)}, size=len(ids))
        found = gather(self._parts.engine, self._parts.search.catalogue(index), request)
        return {hit.id: hit for hit in found.hits}


def stock_depth(size: int) -> int:
    """How many of each signal a stock system fuses: a page of ten made of ten each is not what it would show."""
    return max(size, 100)


def shown(hit: Hit) -> dict[str, Any]:
    """A product in the form of an answer's result, without place."""
    signals = {name: round(value, 6) for name, value in hit.signals.items()}
    return {"id": hit.id, "source": dict(hit.source), "signals": signals}
