"""What may be recommended: the viewed item, candidates from every origin, and each one's signals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from multimodal.errors import EncoderError
from personal.errors import PersonalError
from personal.keystore import Identity
from personal.profiles import NOTHING_HELD, Held
from personal.recommend import Language, Origins, merged, recent_of, shared_category
from personal.viewed import request_of
from personal.visitor import NOBODY, Visitor
from plugin.candidates import Hit, gather
from plugin.catalogue import Catalogue
from plugin.errors import EngineError
from plugin.statedocs import read_many
from ranker.blend import PRIOR, Blend
from ranker.errors import ModelError
from ranker.sequence import NO_EXPECTATION, Expected, SequenceModel

from . import metrics
from .likeness import vectors_for
from .parts import Parts
from .people import unreadable
from .problems import Problem

log = logging.getLogger("hybridrank.service")

AROUND = 3
"""So many of the visit's latest items, beside the viewed one, are asked what goes with them."""

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
        language: of the reasons.
    """

    index: str | None = None
    item: str | None = None
    size: int = 8
    diversity: float = 0.2
    exclude: tuple[str, ...] = ()
    visitor: Visitor = NOBODY
    lacks: str | None = None
    social: bool = False
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What is known about the visitor, and the moment from which a window is seen.

    Attributes:
        held: the visitor's memories.
        at_ms: now, epoch milliseconds.
        apart: the counters' name of a person who is left out of what goes together; ``None``: nobody is.
        trending: what trends at that moment; ``None`` asks the engine what does now.
        sequence: the model of what comes next; ``None`` takes the catalogue's.
        expects: whether such a model is asked at all.
    """

    held: Held
    at_ms: int
    apart: str | None = None
    trending: Mapping[str, float] | None = None
    sequence: SequenceModel | None = None
    expects: bool = True


NOTHING: tuple[Held, str | None] = (NOTHING_HELD, None)


class Windowing:
    """One window on its way; what it had to do without is added to ``lacks``."""

    def __init__(self, parts: Parts, catalogue: Catalogue, ask: Ask, seen: Standpoint, lacks: list[str]) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._ask = ask
        self._seen = seen
        self._lacks = lacks
        self._limit = parts.settings.behaviour_budget_ms / 1000
        self._recent = merged([recent_of(taste, seen.at_ms) for taste in (seen.held.profile, seen.held.session)])
        self._model: SequenceModel | None = None
        nothing: Mapping[str, float] = {}
        name, reader, rules, limit = catalogue.name, parts.behaviour.together, parts.behaviour.rules, self._limit
        # What needs no viewed item is asked for while that is read.
        self._rule = self._beside("merchandising", lambda: rules.of(name, None, timeout_s=limit), None)
        self._trends = None
        if seen.trending is None:
            self._trends = self._beside("trending", lambda: reader.trending(name, timeout_s=limit), nothing)
        person = ask.visitor.person if ask.social else None
        shared = None if person is None else (lambda: self._liked_by_friends(person))
        self._shared = None if shared is None else self._beside("social", shared, nothing)

    def _liked_by_friends(self, person: Identity) -> Mapping[str, float]:
        """What the friends of the person share; the answer says so where a record of it does not open."""
        shared = self._parts.friends.of(person, self._catalogue.name, timeout_s=self._limit)
        unreadable(shared.broken)
        if shared.broken:
            self._lacks.append("social")
        return shared.values

    def viewed(self) -> Mapping[str, Any] | None:
        """The viewed item with its vectors, or the latest one of the visit that still exists.

        Raises:
            Problem: the catalogue has no such item.
        """
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

    def origins(self, viewed: Mapping[str, Any] | None) -> Origins:
        """Where candidates come from, beside words and vectors."""
        name, recent = self._catalogue.name, self._recent
        own = [str(viewed["id"])] if viewed is not None else []
        before = [item for item in recent.items if item not in own]
        around = [item for item in before if item in recent.lately][: -AROUND - 1 : -1]
        reader, apart = self._parts.behaviour.together, self._seen.apart
        beside = self._beside(
            "together", lambda: reader.of(name, [own, around], apart=apart, timeout_s=self._limit), None
        )
        expected = self.without("sequence", lambda: self._expected([*before, *own]), NO_EXPECTATION)
        goes = beside.result()
        origins = Origins(
            sequence=expected.best(),
            expected=expected,
            trending=self._trends.result() if self._trends is not None else self._seen.trending or {},
            social=self._shared.result() if self._shared is not None else {},
        )
        return origins if goes is None else replace(origins, together=goes[0], visit=goes[1])

    def _expected(self, visit: Sequence[str]) -> Expected:
        """What the catalogue's sequence model expects after the visit and the viewed item."""
        if not self._seen.expects:
            return NO_EXPECTATION
        self._model = self._seen.sequence or self._parts.sequences.of(self._catalogue.name)
        return self._model.expected(visit) if self._model is not None and visit else NO_EXPECTATION

    def blend(self) -> Blend:
        """How signals are weighed, once it is known what model expects: after :meth:`origins`."""
        return self.without("blend", lambda: self._parts.blends.of(self._catalogue.name, self._model), PRIOR)

    def hits(self, viewed: Mapping[str, Any] | None, origins: Origins) -> list[Hit]:
        """The candidates, each with every signal that is known.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        hidden = {*self._ask.exclude, *self._recent.bought}
        hidden |= {str(viewed["id"])} if viewed is not None else set()
        rule = self._rule.result()
        if rule is not None:
            hidden |= set(rule.hidden)
        also = tuple(item for item in origins.ids() if item not in hidden)
        request = request_of(viewed, hidden=hidden, also=also)
        if request.is_listing:
            return []
        with metrics.stage("engine"):
            here = replace(self._catalogue, name=self._catalogue.index)
            found = gather(self._parts.engine, here, request, products=self._parts.products)
        return self._signalled(viewed, found.hits, origins)

    def _signalled(self, viewed: Mapping[str, Any] | None, hits: Sequence[Hit], origins: Origins) -> list[Hit]:
        behaviour, nothing = self._parts.behaviour.reader, dict[str, float]()
        ids = [hit.id for hit in hits]
        counted = self._beside(
            "behaviour",
            lambda: behaviour.signals(self._catalogue.name, None, ids, timeout_s=self._limit),
            nothing,
        )
        vectors = self._vectors(hits, origins)
        own: Mapping[str, Mapping[str, float]] = {}
        if self._seen.held:
            sources = {hit.id: hit.source for hit in hits}
            own, lacking = self._parts.people.signals(
                self._seen.held, self._catalogue.name, sources, vectors=vectors, at_ms=self._seen.at_ms
            )
            if lacking is not None:
                self._lacks.append(lacking)
        likely, known = origins.expected.with_strangers(ids, vectors), counted.result()
        found = []
        for hit in hits:
            signals = {**hit.signals, **origins.signals(hit.id), **own.get(hit.id, {})}
            shared = shared_category(viewed, hit.source) if viewed is not None else None
            for signal, value in (
                ("behaviour", known.get(hit.id)),
                ("sequence", likely.get(hit.id)),
                ("category", shared),
            ):
                if value is not None:
                    signals[signal] = value
            found.append(replace(hit, signals=signals))
        return found

    def _vectors(self, hits: Sequence[Hit], origins: Origins) -> Mapping[str, NDArray[np.float32]]:
        """Text vectors of the candidates and of what the visitor likes, where anything asks for them."""
        nothing: Mapping[str, NDArray[np.float32]] = {}
        strangers = origins.expected and any(hit.id not in origins.expected.numbers for hit in hits)
        if not strangers and not self._seen.held.liked():
            return nothing
        return self.without(
            "vectors",
            lambda: vectors_for(self._parts, self._catalogue, hits, self._seen.held, timeout_s=self._limit),
            nothing,
        )

    def _beside(self, part: str, run: Callable[[], T], instead: T) -> Future[T]:
        """As :meth:`without`, while the caller goes on."""
        return self._parts.beside.submit(self.without, part, run, instead)

    def without(self, part: str, run: Callable[[], T], instead: T) -> T:
        """Do without a part that cannot be had; the answer and the metrics say so."""
        try:
            with metrics.stage(part):
                return run()
        except (EngineError, EncoderError, PersonalError, ModelError) as error:
            metrics.WITHOUT.labels(part, type(error).__name__).inc()
            log.warning("recommendations go without %s: %s", part, type(error).__name__)
            self._lacks.append(part)
            return instead
