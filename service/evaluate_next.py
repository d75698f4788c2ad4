"""How good recommendations are on a catalogue's own log: each person's last items left out, and looked for."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personal.counters import DAY_MS
from personal.event_times import now_ms
from personal.profiles import Held
from personal.taste import EMPTY
from personal.visits import PAUSE_MS, Step, Trends, steps
from plugin.catalogue import Catalogue
from plugin.errors import EngineError
from plugin.together import INTEREST
from ranker.errors import JudgmentError
from ranker.sequence import SequenceModel
from ranker.significance import Estimate, chance_of, estimates

from .catalogues import Catalogues
from .parts import Parts
from .problems import Problem
from .recommend import ranked
from .recommend_window import Ask, Standpoint, Windowing
from .recommenders import NextSystem
from .standins import before_it

MEASURES = ("hr@10", "ndcg@10", "mrr@10")
DEPTH = 10
LAST = 5
"""So many of a person's latest items the item neighbours look at."""

OnPerson = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that a person met late, and what came before it.

    Attributes:
        person: who, as events name them.
        before: their steps before it, oldest first.
        target: id of the item; they had not met it before.
        at_ms: when, epoch milliseconds.
    """

    person: str
    before: tuple[Step, ...]
    target: str
    at_ms: int


Lister = Callable[[LeftOut], list[str]]


@dataclass(frozen=True, slots=True)
class NextFound:
    """What was measured.

    Attributes:
        people: how many.
        items: that were left out and looked for.
        systems: by name, estimates by measure.
        differences: by pair of systems (first, second): of second - first in ``ndcg@10``, with its p-value.
    """

    people: int
    items: int
    systems: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[tuple[str, str], tuple[Estimate, float]]


def evaluate_next(
    parts: Parts,
    index: str,
    systems: Sequence[NextSystem],
    *,
    compare: Sequence[tuple[NextSystem, NextSystem]] = (),
    days: int = 30,
    most: int = 500,
    last: int = 1,
    seed: int = 0,
    on_person: OnPerson | None = None,
) -> NextFound:
    """Leave each person's last items out, and see at which place a system offers each beside the one before it.

    Nothing that is asked knows the item that is looked for: profile and visit stand as before it, what goes together,
    popularity and neighbours are counted without the person, what trends is of the days before, and in the sequence
    model's place stands one that was trained without anybody's items that are left out. What a person has met is not
    looked for and counts for no system.

    Args:
        parts: of this process.
        index: the catalogue.
        systems: ``recommend`` as the service answers, without diversity; ``recommend_no_sequence`` the same without
            the sequence model's candidates and signal; ``popularity``: people by item;
            ``item_knn``: cosine of who met two items, summed over the latest :data:`LAST`.
        compare: pairs.
        days: so far back the log is read.
        most: people that are looked at.
        last: so many items of each, each with what came before it; what a person's are worth on average counts once.
        seed: which, and of the resamples.
        on_person: called with (system, items done).

    Raises:
        JudgmentError: nobody of the log met two items.
        UnknownCatalogue, EngineError, ModelError: what the parts raise.
    """
    catalogue = Catalogues(parts.engine).find(index)
    done = steps(parts.engine, index, since_ms=now_ms() - days * DAY_MS)
    everybody = [those for person in sorted(done) if (those := last_of(person, done[person], last))]
    if not everybody:
        raise JudgmentError(
            f"log: nobody met two items of catalogue {index!r} in the last {days} days; raise --days, or read a log "
            "with: hybridrank events"
        )
    order = np.random.default_rng(seed).permutation(len(everybody))[:most]
    whose = [everybody[int(place)] for place in order]
    held = [one for those in whose for one in those]
    named = list(dict.fromkeys([*systems, *(name for pair in compare for name in pair)]))
    trends, counts = Trends(done), Neighbours(done)
    values: dict[str, NDArray[np.float64]] = {}
    with before_it(parts, index, {**done, **{those[0].person: those[0].before for those in whose}}) as expects:
        listers: dict[NextSystem, Lister] = {
            "recommend": lambda one: _recommended(parts, catalogue, one, trends, expects),
            "recommend_no_sequence": lambda one: _recommended(parts, catalogue, one, trends, None, expects=False),
            "popularity": counts.popular,
            "item_knn": counts.near,
        }
        for name in named:
            places = iter(_places(name, held, listers[name], on_person))
            values[name] = np.array([np.mean([measures(next(places)) for _ in those], axis=0) for those in whose])
    found = {name: dict(zip(MEASURES, estimates(table, seed=seed), strict=True)) for name, table in values.items()}
    differences: dict[tuple[str, str], tuple[Estimate, float]] = {}
    for first, second in compare:
        gain = values[second][:, 1] - values[first][:, 1]
        differences[first, second] = (estimates(gain[:, None], seed=seed)[0], chance_of(gain, seed=seed))
    return NextFound(len(whose), len(held), found, differences)


def last_of(person: str, theirs: Sequence[Step], most: int = 1) -> list[LeftOut]:
    """Leave out the items that somebody met last, each from its first step on, oldest first; empty where they met
    fewer than two, and the first that they met is never left out."""
    first: dict[str, int] = {}
    for place, step in enumerate(theirs):
        if step.action.action in INTEREST:
            first.setdefault(str(step.action.item), place)
    found = []
    for target in sorted(first, key=lambda item: first[item])[1:][-most:]:
        at = theirs[first[target]].action.time_ms
        before = tuple(step for step in theirs[: first[target]] if str(step.action.item) != target)
        found.append(LeftOut(person, before, target, at))
    return found


def measures(place: int | None) -> tuple[float, float, float]:
    """Of a place from 1; ``None`` is not among the first :data:`DEPTH`: see :data:`MEASURES`."""
    if place is None or place > DEPTH:
        return 0.0, 0.0, 0.0
    return 1.0, 1.0 / math.log2(place + 1.0), 1.0 / place


def _places(
    system: NextSystem, held: Sequence[LeftOut], listed: Lister, on_person: OnPerson | None
) -> list[int | None]:
    """At which place a system's list, without what the person has met, has what was left out."""
    found: list[int | None] = []
    for number, one in enumerate(held, 1):
        met = {str(step.action.item) for step in one.before}
        rest = [item for item in listed(one) if item not in met]
        found.append(rest.index(one.target) + 1 if one.target in rest else None)
        if on_person is not None:
            on_person(system, number)
    return found


def _recommended(
    parts: Parts,
    catalogue: Catalogue,
    one: LeftOut,
    trends: Trends,
    sequence: SequenceModel | None,
    *,
    expects: bool = True,
) -> list[str]:
    """The service's own list, as it would have been at that moment, whole and without diversity."""
    visit = [step for step in one.before if step.action.time_ms > one.at_ms - PAUSE_MS]
    memories = Held(EMPTY.plus(step.action for step in one.before), EMPTY.plus(step.action for step in visit))
    apart = parts.behaviour.pseudonyms.person(catalogue.name, one.person)
    seen = Standpoint(memories, one.at_ms, apart, trends.at(one.at_ms, one.person), sequence, expects)
    lacks: list[str] = []
    viewed_id = next(str(step.action.item) for step in reversed(one.before) if step.action.action in INTEREST)
    window = Windowing(parts, catalogue, Ask(catalogue.name, viewed_id), seen, lacks)
    try:
        viewed = window.viewed()
    except Problem:
        return []  # the product has gone since
    hits = window.hits(viewed, window.origins(viewed))
    ranking, lacking = ranked(parts, viewed, hits, window.blend())
    if lacks or lacking:
        raise EngineError(f"a list could not be made whole: {', '.join([*lacks, *([lacking] if lacking else [])])}")
    return [item.id for item in ranking.items]


class Neighbours:
    """Who met what, for the systems beside; every answer leaves the person who is asked for out."""

    def __init__(self, done: Mapping[str, Sequence[Step]]) -> None:
        self._of_item: dict[str, set[str]] = defaultdict(set)
        self._of_person: dict[str, set[str]] = defaultdict(set)
        for person, theirs in done.items():
            for step in theirs:
                if step.action.action in INTEREST:
                    self._of_item[str(step.action.item)].add(person)
                    self._of_person[person].add(str(step.action.item))

    def popular(self, one: LeftOut) -> list[str]:
        """Items by how many others met them, ties by id."""
        counts = {item: len(people - {one.person}) for item, people in self._of_item.items()}
        return sorted(counts, key=lambda item: (-counts[item], item))

    def near(self, one: LeftOut) -> list[str]:
        """Items by the cosine of who met them and who met the person's latest items, summed, ties by id."""
        latest = list(dict.fromkeys(str(step.action.item) for step in reversed(one.before)))[:LAST]
        sums: dict[str, float] = defaultdict(float)
        for item in latest:
            people = self._of_item[item] - {one.person}
            both: Counter[str] = Counter(other for person in people for other in self._of_person[person])
            for other, shared in both.items():
                size = len(self._of_item[other] - {one.person})
                sums[other] += shared / math.sqrt(len(people) * size)
        return sorted(sums, key=lambda item: (-sums[item], item))
