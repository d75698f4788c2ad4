"""People, composed for one worker: their keys, what is known about them, and what a request may know of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from personal.affinity import Vectors
from personal.deeds import deeds_of
from personal.errors import KeyGone, KeyStoreUnusable, PersonalError
from personal.event_privacy import scrubbed_text
from personal.friends import Friends
from personal.keystore import KeyStore
from personal.profiles import NOTHING_HELD, Held, Profiles
from personal.subject import Subject
from personal.vault import session_owner
from personal.visitor import NOBODY, Visitor
from plugin.client import Engine
from plugin.errors import EngineError

from . import metrics
from .settings import Settings

log = logging.getLogger("hybridrank.service")


class People:
    """What a worker knows about people. Thread-safe."""

    def __init__(self, settings: Settings, engine: Engine, store: KeyStore) -> None:
        self._limit_s = settings.behaviour_budget_ms / 1000
        self._store = store
        self.profiles = Profiles(engine, store)
        self.friends = Friends(engine, store)
        self._engine = engine

    def visitor(self, subject: Subject | None, session: str | None, *, tenant: str) -> Visitor:
        """Who a request is about; a person who comes for the first time gets a pseudonym and a key.

        Raises:
            KeyStoreUnusable: the store of keys does not work.
            UnknownMasterKey: the master key over this person's is lost.
            SealBroken: what is stored of this person's key was altered.
        """
        if subject is None:
            return self.known(None, session, tenant=tenant)
        self._store.obtain(subject.tenant, subject.subject)
        return self.known(subject, session, tenant=tenant)

    def known(self, subject: Subject | None, session: str | None, *, tenant: str) -> Visitor:
        """Who a request is about, as far as they were here before; raises as :meth:`visitor` does."""
        if subject is None and session is None:
            return NOBODY
        tenant = subject.tenant if subject is not None else tenant
        person = self._store.find(subject.tenant, subject.subject) if subject is not None else None
        owner = session_owner(self._store, tenant, session) if session is not None else None
        return Visitor(tenant, person, session, owner)

    def read(self, visitor: Visitor, catalogue: str) -> tuple[Held, str | None]:
        """What is known about a visitor; where that cannot be read, nothing, and ``"profile"`` as what is lacking."""
        if visitor.owner is None:
            return NOTHING_HELD, None
        try:
            with metrics.stage("profile"):
                held = self.profiles.read(visitor, catalogue, timeout_s=self._limit_s)
        except (EngineError, PersonalError) as error:
            without("profile", error)
            return NOTHING_HELD, "profile"
        unreadable(held.broken)
        return held, "profile" if held.broken else None

    def signals(
        self,
        held: Held,
        catalogue: str,
        products: Mapping[str, Mapping[str, Any]],
        *,
        vectors: Vectors | None = None,
        at_ms: int | None = None,
    ) -> tuple[Mapping[str, Mapping[str, float]], str | None]:
        """The signals ``profile`` and ``session`` by product, and what is lacking, as :meth:`read` says it;
        arguments as :meth:`Profiles.signals` takes them."""
        try:
            limit = self._limit_s
            return self.profiles.signals(held, catalogue, products, vectors=vectors, at_ms=at_ms, timeout_s=limit), None
        except EngineError as error:
            without("profile", error)
            return {}, "profile"

    def learn(self, visitor: Visitor, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Teach what was just stored; where that fails the reconciler teaches it later (a visit: not at all)."""
        if not events or visitor.owner is None:
            return
        try:
            with metrics.stage("learn"):
                self.profiles.learn(visitor, events)
        except (EngineError, PersonalError) as error:
            _untaught(error)

    def share(self, visitor: Visitor, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Let friends see what was just stored, if the person wants that; where it fails, the reconciler adds it."""
        person = visitor.person
        try:
            if events and person is not None and self.friends.shares(person):
                with metrics.stage("share"):
                    self.friends.note(person, deeds_of(self._engine, events))
        except KeyGone:
            return  # taken back, or erased, at this moment
        except (EngineError, PersonalError) as error:
            without("share", error)

    def note_query(self, visitor: Visitor, catalogue: str, text: str, held: Held) -> None:
        """Teach what was just asked for, as the log of queries keeps it."""
        if visitor.owner is None:
            return
        try:
            with metrics.stage("learn"):
                self.profiles.note_query(visitor, catalogue, scrubbed_text(text), held)
        except (EngineError, PersonalError) as error:
            _untaught(error)

    def learn_stored(self, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Teach profiles what lies in the event log, and friends what is shared of it, for the reconciler, which one
        unusable key must not stop.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        try:
            failed = self.profiles.learn_stored(events) + self.friends.note_stored(events)
        except KeyStoreUnusable as error:
            _untaught(error)
            return
        if failed:
            metrics.UNTAUGHT.labels("reconciler").inc(failed)


def without(part: str, error: Exception) -> None:
    """Count and log that an answer goes without a part."""
    metrics.WITHOUT.labels(part, type(error).__name__).inc()
    log.warning("an answer goes without %s: %s", part, type(error).__name__)


def unreadable(kinds: Iterable[str]) -> None:
    """Count and log that records of these kinds do not open."""
    for kind in kinds:
        metrics.UNREADABLE.labels(kind).inc()
        log.warning("a record of kind %s does not open: altered, or its key is lost", kind)


def _untaught(error: Exception) -> None:
    if isinstance(error, KeyGone):
        return  # whoever was erased at this moment has no profile to teach
    metrics.UNTAUGHT.labels(type(error).__name__).inc()
    log.warning("a profile could not be taught now: %s", type(error).__name__)
