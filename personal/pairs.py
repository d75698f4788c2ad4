"""From logs to which products people care for together: co-views and co-purchases, graded, and the visits they lie in.

The same quantity as the live signal ``together`` (:func:`personal.together.lifts`), counted from a log instead of the
engine's counters, so that a model can learn from the products' texts what goes together and know it of new ones too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plugin.together import INTEREST, Overlap, Overlaps

from .errors import EventRejected
from .event_times import milliseconds
from .observations import item_of, person_of
from .together import lifts

MOST = 50
"""Of one person the latest so many products count: no client outweighs all others."""
FEWEST_PEOPLE = 2
"""Whom a pair needs at least, so that none tells of one person."""
EXPECTED = 2.0
"""Where chance would bring so many people together and none came, the pair is judged: it does not go together."""
TOP_GRADE = 3.0
PAUSE_MS = 30 * 60_000
"""A visit ends where nothing follows for so long."""


class Act(NamedTuple):
    """What somebody did with a product, and when (epoch milliseconds)."""

    time_ms: int
    item: str
    action: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One step of a visit: what was looked at, what had been before, and what came next.

    Attributes:
        earlier: before ``viewed``, oldest first.
        viewed: the product that stands in the query's place.
        following: the next one, another product.
    """

    earlier: tuple[Act, ...]
    viewed: Act
    following: str


def acts(events: Iterable[Mapping[str, Any]]) -> dict[str, list[Act]]:
    """What each person did with products, oldest first; what only showed something is left out.

    Events that cannot be placed (no product, nobody's, a time that is none) are passed over.
    """
    found: dict[str, list[Act]] = defaultdict(list)
    for event in events:
        action, item, person = event.get("action_name"), item_of(event), person_of(event)
        if action not in INTEREST or not item or not person:
            continue
        try:
            time_ms = milliseconds(event.get("timestamp"), 2**53)
        except EventRejected:
            continue
        found[person].append(Act(time_ms, item, str(action)))
    return {person: sorted(done) for person, done in found.items()}


def pairs(people: Mapping[str, Sequence[Act]], *, fewest: int = FEWEST_PEOPLE) -> dict[str, dict[str, float]]:
    """Grade, for each product, what goes with it.

    Of each pair the people who cared for both are counted, and those who bought both; each count stands beside what
    chance gives, as in the signal ``together``, and the stronger of the two decides.

    Args:
        people: as :func:`acts` gives them.
        fewest: people that a pair needs, at least :data:`FEWEST_PEOPLE`.

    Returns:
        0 to 3 by product and other product. 3 is what goes best with the product, ``2^grade - 1`` in proportion to
        observed over expected people; 0 where :data:`EXPECTED` people would come by chance and none did. Products
        without a pair above chance are left out.
    """
    fewest = max(fewest, FEWEST_PEOPLE)
    seen = [_latest(done) for done in people.values()]
    bought = [_latest([one for one in done if one.action == "purchase"]) for done in people.values()]
    relative: dict[str, dict[str, float]] = defaultdict(dict)
    for baskets in (seen, bought):
        for item, values in _relative(baskets, fewest):
            for other, value in values.items():
                relative[item][other] = max(value, relative[item].get(other, 0.0))
    often = Counter(item for basket in seen for item in basket)
    together = _counts(seen)
    everything = sum(often.values())
    grades: dict[str, dict[str, float]] = {}
    for item, values in sorted(relative.items()):
        top = max(values.values())
        graded = {
            other: math.log2(1.0 + (2.0**TOP_GRADE - 1.0) * value / top) for other, value in sorted(values.items())
        }
        own = sum(together[item].values())
        for other, everyone in often.items():
            if other not in together[item] and other != item and own * everyone / everything >= EXPECTED:
                graded[other] = 0.0
        grades[item] = graded
    return grades


def visits(people: Mapping[str, Sequence[Act]], grades: Mapping[str, Mapping[str, float]]) -> Iterator[Visit]:
    """Steps within visits from a product to another that goes with it by ``grades``: no step tells of one person."""
    for done in people.values():
        for visit in _visits(done):
            order = list({act.item: act for act in visit}.values())
            for place in range(1, len(order) - 1):
                viewed, following = order[place], order[place + 1].item
                if grades.get(viewed.item, {}).get(following, 0.0) > 0.0:
                    yield Visit(tuple(order[:place]), viewed, following)


def _visits(done: Sequence[Act]) -> Iterator[list[Act]]:
    visit: list[Act] = []
    for act in done:
        if visit and act.time_ms - visit[-1].time_ms > PAUSE_MS:
            yield visit
            visit = []
        visit.append(act)
    yield visit


def _latest(done: Sequence[Act]) -> list[str]:
    """The latest products of one person, each once."""
    return list(dict.fromkeys(act.item for act in reversed(done)))[:MOST]


def _counts(baskets: Iterable[Sequence[str]]) -> dict[str, Counter[str]]:
    """How many people met both, by product and other product."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for basket in baskets:
        for item in basket:
            found[item].update(other for other in basket if other != item)
    return found


def _relative(baskets: Sequence[Sequence[str]], fewest: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Observed over expected people, of pairs above chance that enough people made."""
    often = Counter(item for basket in baskets for item in basket)
    everything = sum(often.values())
    for item, others in _counts(baskets).items():
        known = tuple(Overlap(other, people, often[other]) for other, people in others.items() if people >= fewest)
        values = lifts(Overlaps(known, sum(others.values()), everything))
        above = {other: value / (1.0 - value) for other, value in values.items() if value > 0.5}
        if above:
            yield item, above
