"""Counters in the engine: exact with any number of writers, crashes at any point, and events that come twice.

The order of steps is argued in docs/architecture.md, "Events and behaviour"; every write here is conditional on the
version that was read.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

from plugin.client import Engine
from plugin.names import BEHAVIOUR
from plugin.statedocs import Stored, Write, delete_where, read_many, write_many

from .counters import Family, Key, Observation, Sums, added, contribution, difference, plus
from .errors import FoldFailed

ATTEMPTS = 60
_FIRST_WAIT_S = 0.004
_LONGEST_WAIT_S = 0.1
_AT_ONCE = 2000
"""Person's documents that are folded together at most."""


class CounterStore:
    """The counters of one family. Thread-safe: it holds no state of its own."""

    def __init__(self, engine: Engine, family: Family) -> None:
        self._engine = engine
        self.family = family

    def fold(self, observations: Iterable[Observation]) -> None:
        """Count events; those that are counted already change nothing.

        Raises:
            FoldFailed: too many others wrote the same counters; some events may not be counted yet.
            EngineError: the engine does not answer or refuses; likewise.
        """
        people: dict[str, list[Observation]] = {}
        for seen in observations:
            people.setdefault(self.family.person_id(seen.key, seen.person), []).append(seen)
        names = list(people)
        for start in range(0, len(names), _AT_ONCE):
            self._fold({name: people[name] for name in names[start : start + _AT_ONCE]})

    def _fold(self, people: Mapping[str, list[Observation]]) -> None:
        todo = set(people)
        for attempt in range(ATTEMPTS):
            _pause(attempt)
            found = self._read(todo)
            writes: list[Write] = []
            unsettled: dict[str, Key] = {}
            for name in sorted(todo):
                events, old = people[name], found.get(name)
                if old is not None and old.source["pending"] is not None:
                    # Someone began a change and may be gone: finish it first, then come back.
                    unsettled[name] = events[0].key
                    continue
                source = self._next(events, old)
                if source is None:
                    todo.discard(name)
                else:
                    writes.append(Write(BEHAVIOUR, name, source, old))
            for write, outcome in zip(writes, write_many(self._engine, writes), strict=True):
                if outcome.kind == "refused":
                    raise FoldFailed(f"the engine refuses a counter: {outcome.reason}")
                if outcome.kind == "written":
                    unsettled[write.id] = people[write.id][0].key
                    todo.discard(write.id)
            self._settle(unsettled)
            if not todo:
                return
        raise FoldFailed(f"{len(todo)} counters stayed busy")

    def forget(self, people: Iterable[str]) -> int:
        """Take everything of people out of the counters, which then are as if it had never been counted.

        Args:
            people: pseudonyms, as observations have them.

        Returns:
            How many counters were changed.

        Raises:
            FoldFailed: too many others wrote the same counters; calling it again goes on.
            EngineError: the engine does not answer or refuses; likewise.
        """
        names = list(people)
        changed: set[str] = set()
        while names:
            self._engine.request("POST", f"/{BEHAVIOUR}/_refresh")
            ours = [{"term": {"kind": "person"}}, {"term": {"family": str(self.family)}}, {"terms": {"person": names}}]
            query = {"bool": {"filter": ours}}
            hits = self._engine.search(BEHAVIOUR, {"size": _AT_ONCE, "query": query})["hits"]["hits"]
            found = {str(hit["_id"]): Key(*(hit["_source"][name] for name in Key._fields)) for hit in hits}
            if not found:
                break
            self._empty(found)
            changed |= {self.family.counter_id(key) for key in found.values()}
            delete_where(self._engine, BEHAVIOUR, {"ids": {"values": sorted(found)}})
        return len(changed)

    def _empty(self, people: Mapping[str, Key]) -> None:
        """Bring people's documents to having done nothing, and their counters with them."""
        todo = dict(people)
        for attempt in range(ATTEMPTS):
            _pause(attempt)
            found = self._read(todo)
            unsettled: dict[str, Key] = {}
            writes: list[Write] = []
            for name, old in found.items():
                state = {
                    action: [(slot[0], slot[1], slot[2]) for slot in slots]
                    for action, slots in old.source["state"].items()
                }
                if old.source["pending"] is not None:
                    unsettled[name] = todo[name]
                elif state:
                    change = difference({}, contribution(state, self.family))
                    source = {
                        **old.source,
                        "did": [],
                        "state": {},
                        "n": old.source["n"] + 1,
                        "pending": {"sums": change, "people": -1},
                    }
                    writes.append(Write(BEHAVIOUR, name, source, old))
            for write, outcome in zip(writes, write_many(self._engine, writes), strict=True):
                if outcome.kind == "refused":
                    raise FoldFailed(f"the engine refuses a counter: {outcome.reason}")
                if outcome.kind == "written":
                    unsettled[write.id] = todo[write.id]
            if not writes and not unsettled:
                return
            self._settle(unsettled)
        raise FoldFailed(f"{len(todo)} counters stayed busy")

    def _next(self, events: list[Observation], old: Stored | None) -> dict[str, Any] | None:
        """A person's document with more events, the change to the counter pending; ``None`` when nothing changes."""
        before = old.source["state"] if old is not None else {}
        before = {action: [(slot[0], slot[1], slot[2]) for slot in slots] for action, slots in before.items()}
        after = added(before, events)
        if after == before:
            return None
        change = difference(contribution(after, self.family), contribution(before, self.family))
        key = events[0].key
        return {
            "kind": "person",
            "family": str(self.family),
            "catalogue": key.catalogue,
            "item": key.item,
            "query": key.query,
            "person": events[0].person,
            "did": sorted(action for action in after if action != "impression"),
            "at": max(slots[0][0] for slots in after.values()),
            "state": after,
            "n": old.source["n"] + 1 if old is not None else 1,
            "pending": {"sums": change, "people": 0 if before else 1},
        }

    def _settle(self, people: Mapping[str, Key]) -> None:
        """Bring pending changes into their counters; on return none of these, as they were, is pending."""
        todo = dict(people)
        for attempt in range(ATTEMPTS):
            if not todo:
                return
            _pause(attempt)
            counters: dict[str, tuple[Key, list[str]]] = {}
            for name, key in sorted(todo.items()):
                counters.setdefault(self.family.counter_id(key), (key, []))[1].append(name)
            # First the counters, then the people: what is pending after the counter was read, and is not open in it,
            # has not been taken by the version that the write below replaces.
            stored = self._read(counters)
            opened = {name for counter in stored.values() for name in counter.source["open"]}
            persons = self._read(opened | set(todo))
            writes: list[Write] = []
            for name, (key, members) in counters.items():
                source = self._taken(key, stored.get(name), members, persons)
                if source is not None:
                    writes.append(Write(BEHAVIOUR, name, source, stored.get(name)))
            busy: set[str] = set()
            for write, outcome in zip(writes, write_many(self._engine, writes), strict=True):
                if outcome.kind == "refused":
                    raise FoldFailed(f"the engine refuses a counter: {outcome.reason}")
                if outcome.kind == "conflict":
                    busy.add(write.id)
            taken = [name for counter, (_, members) in counters.items() if counter not in busy for name in members]
            self._clear(taken, persons)
            for name in taken:
                del todo[name]
        if todo:
            raise FoldFailed(f"{len(todo)} counters stayed busy")

    def _taken(
        self, key: Key, counter: Stored | None, members: list[str], persons: Mapping[str, Stored]
    ) -> dict[str, Any] | None:
        """The counter with the members' pending changes in it; ``None`` when there is nothing to write."""
        before: dict[str, int] = counter.source["open"] if counter is not None else {}
        sums: Sums = counter.source["sums"] if counter is not None else {}
        people: int = counter.source["people"] if counter is not None else 0
        still = {name: n for name, n in before.items() if _is_pending(persons.get(name), n)}
        changed = False
        for name in members:
            person = persons.get(name)
            if person is None or person.source["pending"] is None or still.get(name) == person.source["n"]:
                continue
            pending = person.source["pending"]
            sums, people = plus(sums, pending["sums"]), people + pending["people"]
            still[name] = person.source["n"]
            changed = True
        if not changed:
            return None
        return {
            "kind": "query" if key.query else "item",
            "family": str(self.family),
            "catalogue": key.catalogue,
            "item": key.item,
            "query": key.query,
            "sums": {name: value for name, value in sorted(sums.items()) if value != 0.0},
            "people": people,
            "open": still,
        }

    def _clear(self, names: Iterable[str], persons: Mapping[str, Stored]) -> None:
        """Note that changes have been taken. A conflict means that another has noted it before."""
        writes = [
            Write(BEHAVIOUR, name, {**persons[name].source, "pending": None}, persons[name])
            for name in names
            if name in persons and persons[name].source["pending"] is not None
        ]
        write_many(self._engine, writes)

    def _read(self, names: Iterable[str]) -> dict[str, Stored]:
        found = read_many(self._engine, [(BEHAVIOUR, name) for name in sorted(names)])
        return {name: stored for (_, name), stored in found.items()}


def _is_pending(person: Stored | None, n: int) -> bool:
    return person is not None and person.source["pending"] is not None and person.source["n"] == n


def _pause(attempt: int) -> None:
    """Wait before another try, the longer the more there were, and each writer differently."""
    if attempt:
        time.sleep(random.uniform(0.0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)))
