"""Visits, in order: read from ``ubi_events``, for learning from what people went on to.

A visit is what one person did without a pause of half an hour. For each item that was looked at the later ones of the
visit are what was chosen next; the place in a list where that was done is kept, for what stood far down was looked at
by few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import BEHAVIOUR, UBI_EVENTS
from plugin.together import INTEREST

from .counters import DAY_MS, bucket_of, digest
from .deeds import deeds_of
from .observations import ordinal_of, person_of
from .positions import propensities
from .taste import EMPTY, STRENGTH, Action, Taste

PAUSE_MS = 30 * 60 * 1000
"""After a longer pause a visit is another one."""
AHEAD = 10
"""So many later items of the visit count as chosen next."""
SMALLEST = 0.05
"""Propensities are not taken smaller; this bounds what one choice can weigh."""
TRENDING_DAYS = 7
TRENDING_ITEMS = 50
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a person did with an item.

    Attributes:
        action: what, with the item's facts.
        bucket: of the place in the list where the item stood; see :func:`personal.counters.bucket_of`.
    """

    action: Action
    bucket: str


@dataclass(frozen=True, slots=True)
class Next:
    """An item that was looked at, and what was chosen next.

    Attributes:
        person: who, as events name them.
        viewed: id of the item.
        at_ms: when, epoch milliseconds.
        profile: what the person's profile held at that moment.
        session: what the visit's record held at that moment.
        chosen: weight by id: the strength of the strongest thing done, over how likely its place was looked at.
    """

    person: str
    viewed: str
    at_ms: int
    profile: Taste
    session: Taste
    chosen: Mapping[str, float]


def steps(engine: Engine, catalogue: str, *, since_ms: int) -> dict[str, list[Step]]:
    """What each person did with items since a moment, oldest first; events of nobody are left out.

    What was counted of it up to now can be found afterwards: what goes together is looked for, not got by id.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    clauses: list[dict[str, Any]] = [
        {"term": {"application": catalogue}},
        {"terms": {"action_name": sorted(STRENGTH)}},
        {"range": {"timestamp": {"gte": since_ms, "format": "epoch_millis"}}},
    ]
    engine.request("POST", f"/{UBI_EVENTS},{BEHAVIOUR}/_refresh")
    found: dict[str, list[Step]] = defaultdict(list)
    with engine.mapped_errors():
        body = {"query": {"bool": {"filter": clauses}}}
        hits = helpers.scan(engine.client, index=UBI_EVENTS, query=body, size=_PAGE)
        for page in _pages(hits):
            documents = {digest(name)[:12]: document for name, document in page}
            for _, action in deeds_of(engine, page):
                document = documents[action.event]
                person = person_of(document)
                if person and action.item is not None:
                    found[person].append(Step(action, bucket_of(ordinal_of(document))))
    for those in found.values():
        those.sort(key=lambda step: (step.action.time_ms, step.action.event))
    return dict(found)


def _pages(hits: Iterable[Mapping[str, Any]]) -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
    page: list[tuple[str, Mapping[str, Any]]] = []
    for hit in hits:
        page.append((str(hit["_id"]), hit["_source"]))
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def choices(person: str, done: Sequence[Step], eta: float, *, most: int) -> list[Next]:
    """What a person chose next, of their latest visits.

    Args:
        person: who.
        done: their steps, oldest first.
        eta: rank r of a list is looked at with probability ``r ** -eta``; 0 takes choices as they are.
        most: how many at most, the latest; of an item that was looked at twice in a visit the first.
    """
    theta = propensities(eta)
    found: list[Next] = []
    for visit in reversed(_visits(done)):
        seen: set[str] = set()
        for place, step in enumerate(visit):
            item = str(step.action.item)
            if step.action.action not in INTEREST or item in seen:
                continue
            seen.add(item)
            chosen = _chosen(visit[place + 1 :], item, theta)
            if not chosen:
                continue
            session = EMPTY.plus(one.action for one in visit[: place + 1])
            profile = EMPTY.plus(one.action for one in done if one.action.time_ms <= step.action.time_ms)
            found.append(Next(person, item, step.action.time_ms, profile, session, chosen))
            if len(found) == most:
                return found
    return found


def _visits(done: Sequence[Step]) -> list[list[Step]]:
    visits: list[list[Step]] = []
    for step in done:
        if not visits or step.action.time_ms - visits[-1][-1].action.time_ms > PAUSE_MS:
            visits.append([])
        visits[-1].append(step)
    return visits


def _chosen(later: Sequence[Step], viewed: str, theta: Mapping[str, float]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for step in later:
        item, strength = str(step.action.item), STRENGTH[step.action.action]
        if item == viewed or strength <= 0.0:
            continue
        if item not in weights and len(weights) == AHEAD:
            continue
        weights[item] = max(weights.get(item, 0.0), strength / max(theta[step.bucket], SMALLEST))
    return weights


class Trends:
    """What trended at any moment of a log, as the signal ``trending`` has it, with one person left out."""

    def __init__(self, done: Mapping[str, Sequence[Step]]) -> None:
        """Look a log over."""
        self._days: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for person, theirs in done.items():
            for step in theirs:
                if step.action.action in INTEREST:
                    self._days[step.action.time_ms // DAY_MS][str(step.action.item)].add(person)

    def at(self, at_ms: int, apart: str) -> dict[str, float]:
        """The items that most people cared for in the seven days before the day of ``at_ms``, and how many over those
        of the first."""
        day = at_ms // DAY_MS
        people: dict[str, set[str]] = defaultdict(set)
        for number in range(day - TRENDING_DAYS, day):
            for item, those in self._days.get(number, {}).items():
                people[item] |= those
        counts = {item: len(those - {apart}) for item, those in people.items()}
        best = sorted((item for item in counts if counts[item]), key=lambda item: (-counts[item], item))
        top = counts[best[0]] if best else 1
        return {item: counts[item] / top for item in best[:TRENDING_ITEMS]}
