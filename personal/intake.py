"""Taking events in: checked, stored, counted. What HTTP and the command line share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.errors import EngineError, UnknownCatalogue

from .counters import Family
from .counters_store import CounterStore
from .errors import EventRejected, FoldFailed
from .event_store import store
from .event_times import now_ms
from .events import Event, read_event
from .observations import observe
from .pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not stored: its place in the list, the field at fault (or empty), and the reason."""

    index: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


@dataclass(slots=True)
class Taken:
    """What became of a list of events. ``stored + duplicates + len(rejected)`` is its length.

    Attributes:
        stored: written now.
        fresh: those, as they were written.
        duplicates: were stored before, or stand twice in the list.
        rejected: could not be stored.
        counted: of the stored ones, those that move a counter.
        uncounted: the others, by reason (see :data:`personal.observations.Uncounted`).
        fold_failed: name of the error when counting has to wait for the reconciler; empty when it has not.
    """

    stored: int = 0
    fresh: list[Event] = field(default_factory=list)
    duplicates: int = 0
    rejected: list[Refusal] = field(default_factory=list)
    counted: int = 0
    uncounted: Counter[str] = field(default_factory=Counter)
    fold_failed: str = ""


class Intake:
    """Takes events in. Thread-safe."""

    def __init__(self, engine: Engine, pseudonyms: Pseudonyms, family: Family) -> None:
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._counters = CounterStore(engine, family)

    def take(self, raw: Sequence[object], *, default: str, catalogue: str | None = None) -> Taken:
        """Check events, store those that can be, count them.

        Args:
            raw: UBI events as they came.
            default: the catalogue of an event without ``application``.
            catalogue: the catalogue of all of them, whatever their ``application``.

        Raises:
            EngineError: they could not be stored; sending them again is safe.
        """
        taken = Taken()
        events: list[tuple[int, Event]] = []
        now = now_ms()
        for index, value in enumerate(raw):
            try:
                event = read_event(value, pseudonyms=self._pseudonyms, now_ms=now, default=default, catalogue=catalogue)
            except EventRejected as error:
                taken.rejected.append(Refusal(index, error.field, error.reason))
            else:
                events.append((index, event))
        missing = self._missing({event.catalogue for _, event in events})
        for index, event in events:
            if event.catalogue in missing:
                taken.rejected.append(Refusal(index, "application", "no catalogue of that name"))
        events = [(index, event) for index, event in events if event.catalogue not in missing]
        for (index, event), kept in zip(events, store(self._engine, [event for _, event in events]), strict=True):
            if kept.kind == "refused":
                name, _, reason = kept.reason.rpartition(": ")
                taken.rejected.append(Refusal(index, name, reason))
            elif kept.kind == "duplicate":
                taken.duplicates += 1
            else:
                taken.stored += 1
                taken.fresh.append(event)
        taken.rejected.sort(key=lambda refusal: refusal.index)
        self._count(taken.fresh, taken)
        return taken

    def _missing(self, names: set[str]) -> set[str]:
        missing = set()
        for name in names:
            try:
                lookup(self._engine, name)
            except UnknownCatalogue:
                missing.add(name)
        return missing

    def _count(self, events: Sequence[Event], taken: Taken) -> None:
        """Count what is new; an event stored by a request that died before counting is the reconciler's."""
        try:
            seen = observe(self._engine, self._pseudonyms, [(event.id, event.document) for event in events])
            self._counters.fold(observation for one in seen for observation in one.observations)
        except (EngineError, FoldFailed) as error:
            taken.fold_failed = type(error).__name__
            return
        for one in seen:
            if one.uncounted is None:
                taken.counted += 1
            else:
                taken.uncounted[one.uncounted] += 1
