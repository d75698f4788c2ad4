"""Erasing a person or a visit: first the key, which unlinks everything at once, then everything itself.

Each step may be the last before a crash, and all may be done again: a tombstone in the key store names the pseudonym,
and :meth:`Erasure.replay` sweeps what is left of it, also after an older snapshot of the engine was restored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from plugin.catalogue import list_catalogues
from plugin.client import Engine
from plugin.names import UBI_EVENTS, UBI_QUERIES
from plugin.statedocs import flush, refresh

from .affinity import PROFILE_HALF_LIFE_S, facet_weights, item_weights
from .counters_store import CounterStore
from .erasedmarks import mark, marked
from .event_times import now_ms, strict_date_time
from .friends import UNREADABLE, Friends
from .holdings import MOST_TRACES, Trace, delete_logged, logged
from .keystore import PREFIX, KeyStore, Tombstone
from .profiles import Profiles
from .pseudonyms import Pseudonyms
from .sealed import SealedDocuments
from .suggestions.asked import Asked
from .taste import Taste
from .trainedmodels import Concerned, TrainedModels
from .vault import session_slot
from .visitor import Visitor


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took away, counted.

    Attributes:
        person: whether there was a key.
        records: profiles and sessions.
        events: of ``ubi_events``.
        queries: of ``ubi_queries``.
        counters: counters that the person had moved, folded anew without them.
        models: which learnt from a time in which they did something, with what is due.
    """

    person: bool = False
    records: int = 0
    events: int = 0
    queries: int = 0
    counters: int = 0
    models: tuple[Concerned, ...] = ()


class Erasure:
    """Shows and erases what is held. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        store: KeyStore,
        *,
        profiles: Profiles,
        pseudonyms: Pseudonyms,
        counters: CounterStore,
        asked: Asked,
        friends: Friends,
        trained: TrainedModels,
    ) -> None:
        """Make one.

        Args:
            engine: the cluster.
            store: of keys.
            profiles: with the records.
            pseudonyms: under which counters know people.
            counters: of behaviour.
            asked: counters of queries.
            friends: the graph and what is shared; erased before the key goes.
            trained: the register of models that learnt from people.
        """
        self._engine = engine
        self._store = store
        self._profiles = profiles
        self._pseudonyms = pseudonyms
        self._counters = counters
        self._asked = asked
        self._social = SealedDocuments(engine, store)
        self._friends = friends
        self._trained = trained

    def erase(self, visitor: Visitor, subject: str | None) -> Erased:
        """Erase somebody. Whoever asks for them afterwards finds nobody; what they do next is a new person's.

        Args:
            visitor: the person, the visit, or both.
            subject: the shop's name of the person; ``None`` where there is only a visit.

        Raises:
            EngineError: the engine does not answer; the key is gone already, and the rest goes with :meth:`replay`.
            KeyStoreUnusable, RegisterUnusable: nothing was erased.
        """
        self._trained.all()  # a damaged register shows before anything is gone
        person = visitor.person
        gone = False
        if person is not None and subject is not None:
            began = int(time.time())
            self._friends.erase(person)
            gone = self._store.delete(person.tenant, subject) is not None
            mark(self._engine, self._store.tombstones(began))
        if visitor.session_id is not None:
            self._store.bury(visitor.tenant, visitor.session_id)
        models = self._concerned(traces_of(visitor))
        found = self._sweep(traces_of(visitor))
        records = found.records
        if visitor.session is not None:
            slots = [
                session_slot(self._store, visitor.tenant, name, visitor.session, None) for name in self._catalogues()
            ]
            records += self._profiles.vault.delete(slots)
        return Erased(gone, records, found.events, found.queries, found.counters, tuple(models))

    def replay(self, since_s: int = 0, *, visits: bool = True) -> int:
        """Sweep what is left of everybody who was erased since then; returns how many people and visits that were.

        Args:
            since_s: epoch seconds.
            visits: those without a login too. A visit goes on under its name after an erasure, and what it did since
                goes then as well, so this is for after a restore and not for every few seconds.

        Raises:
            EngineError: the engine does not answer.
            RegisterUnusable: the register of models cannot be read or written.
        """
        people: list[Tombstone] = []
        unnamed: list[Tombstone] = []
        for stone in self._store.tombstones(since_s):
            (people if stone.pseudonym.startswith(PREFIX) else unnamed).append(stone)
        mark(self._engine, people)
        catalogues = self._catalogues()
        found = [*people, *(unnamed if visits else ())]
        for first in range(0, len(found), MOST_TRACES):
            stones = found[first : first + MOST_TRACES]
            traces = [_trace_of(stone) for stone in stones]
            self._concerned(traces)  # what is due is noted, should the first attempt have stopped before that
            self._sweep(traces)
            names = [(stone.tenant, stone.pseudonym) for stone in stones if not stone.pseudonym.startswith(PREFIX)]
            self._profiles.vault.delete_visits(names, catalogues)
        return len(found)

    def marked(self, people: Sequence[tuple[str, str]]) -> set[str]:
        """See :func:`personal.erasedmarks.marked`."""
        return marked(self._engine, people)

    def _concerned(self, traces: Sequence[Trace]) -> list[Concerned]:
        """Models that learnt from what is in the logs still."""
        if not self._trained.all():
            return []
        for index in (UBI_EVENTS, UBI_QUERIES):
            refresh(self._engine, index)
        return self._trained.concerned(self._engine, traces)

    def _sweep(self, traces: Sequence[Trace]) -> Erased:
        people = [trace.value for trace in traces if trace.field == "client_id"]
        records = self._profiles.vault.delete_of(people) + self._social.delete_of(people) if people else 0
        catalogues = set(self._catalogues())
        typed: dict[str, set[tuple[str, str]]] = {}
        for _, document in logged(self._engine, UBI_QUERIES, traces):
            text, catalogue = document.get("user_query"), str(document.get("application"))
            whose = document.get("client_id") or document.get("session_id")
            if isinstance(text, str):
                typed.setdefault(str(whose), set()).add((catalogue, text))
        events = delete_logged(self._engine, UBI_EVENTS, traces)
        known = {self._pseudonyms.person(name, trace.value) for name in catalogues for trace in traces}
        counters = self._counters.forget(sorted(known))
        for who, texts in typed.items():
            self._asked.withdraw(who, texts)
        queries = delete_logged(self._engine, UBI_QUERIES, traces)
        if queries:
            flush(self._engine, UBI_QUERIES)  # a node that is killed now must not come back with them
        for who, texts in typed.items():  # once more, should they have been counted from the log meanwhile
            self._asked.withdraw(who, texts)
        return Erased(False, records, events, queries, counters)

    def held(self, visitor: Visitor, *, most: int | None = None) -> dict[str, Any]:
        """Everything that is held about a visitor, readable.

        Args:
            visitor: who asks.
            most: how many events and queries at most, the latest; ``None`` is all.

        Raises:
            EngineError: the engine does not answer.
        """
        person, traces = visitor.person, traces_of(visitor)
        records: list[dict[str, Any]] = []
        if person is not None:
            records += [
                {"kind": kind, "catalogue": catalogue, **(UNREADABLE if found.broken else shown(found.taste))}
                for kind, catalogue, found in self._profiles.vault.all_of(person)
            ]
            records += self._friends.held(person, self._catalogues())
        if visitor.session is not None:
            names = list(self._catalogues())
            slots = [session_slot(self._store, visitor.tenant, name, visitor.session, None) for name in names]
            for name, found in zip(names, self._profiles.vault.read(slots), strict=True):
                if found.stored is not None:
                    content = UNREADABLE if found.broken else shown(found.taste)
                    records.append({"kind": "session", "catalogue": name, **content})
        logs = {
            name: [document for _, document in _first(logged(self._engine, index, traces), most)]
            for name, index in (("events", UBI_EVENTS), ("queries", UBI_QUERIES))
        }
        return {
            "tenant": visitor.tenant,
            "pseudonym": visitor.client_id,
            "session": visitor.session_id,
            "records": records,
            **logs,
        }

    def _catalogues(self) -> list[str]:
        return [catalogue.name for catalogue in list_catalogues(self._engine)]


def _trace_of(stone: Tombstone) -> Trace:
    return Trace("client_id" if stone.pseudonym.startswith(PREFIX) else "session_id", stone.pseudonym)


def traces_of(visitor: Visitor) -> list[Trace]:
    """What a visitor is in the logs."""
    traces = []
    if visitor.client_id is not None:
        traces.append(Trace("client_id", visitor.client_id))
    if visitor.session_id is not None:
        traces.append(Trace("session_id", visitor.session_id))
    return traces


def shown(taste: Taste) -> dict[str, Any]:
    """A memory for people to read: what was done with which items, what was typed, and what is concluded from it."""
    weights = item_weights(taste, now_ms(), PROFILE_HALF_LIFE_S)
    names = sorted({facet for facts in taste.facts.values() for facet in facts.facets})
    liked = {name: facet_weights(taste, name, weights) for name in names}
    return {
        "items": [
            {"item": item, "action": action, "last": strict_date_time(deed.time_ms), **taste.facts[item].facets}
            for (item, action), deed in sorted(taste.deeds.items(), key=lambda pair: pair[1], reverse=True)
        ],
        "queries": [{"text": text, "last": strict_date_time(taste.queries[text])} for text in taste.recent_queries],
        "affinities": {
            name: {value: round(weight, 3) for value, weight in sorted(found.items(), key=lambda one: -one[1])}
            for name, found in liked.items()
            if found
        },
    }


def _first(found: Any, most: int | None) -> list[Any]:
    return list(found if most is None else islice(found, most))
