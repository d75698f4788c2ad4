"""From logs with positions to what people found relevant: clicks divided by how likely their places were looked at.

Inverse propensity scoring (Joachims, Swaminathan, Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM
2017): a click at a place that is examined with probability p counts 1 / p. The propensities come from the same logs,
:func:`personal.positions.estimate_eta`, which needs items that stood at several places for the same query.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .counters import BUCKETS, PERSON_WEIGHTS, Observation, Sums, added, bucket_of, cell
from .counters import Key as CounterKey
from .errors import EventRejected
from .event_times import milliseconds
from .observations import item_of, ordinal_of, person_of, query_of
from .positions import DEFAULT_ETA, estimate_eta, propensities

SMALLEST = 0.05
"""Propensities are not taken smaller, which bounds what one click can count (clipping; a little bias for much less
variance)."""
FEWEST_CLICKS = 2.0
"""Of a query; fewer tell nothing about which of its items is better."""
TOP_GRADE = 3.0

Exposures = dict[tuple[str, str], Sums]
"""Impressions and clicks by rank bucket, of (query, item)."""


@dataclass(frozen=True, slots=True)
class Clicked:
    """What logs say.

    Attributes:
        grades: 0 to 3 by query text and item; 3 the query's best, and ``2^grade - 1`` in proportion to the rate.
        eta: rank r is taken to be examined with probability ``r ** -eta``.
        estimated: whether the logs told ``eta``; else it is the prior, or was given.
        left_out: queries with too few clicks.
    """

    grades: dict[str, dict[str, float]]
    eta: float
    estimated: bool
    left_out: int


def exposures(events: Iterable[Mapping[str, Any]], asked: Mapping[str, str] | None = None) -> Exposures:
    """Count impressions and clicks that belong to a query.

    Of one person only the three latest of an action on an item of a query count, with the weights of
    :data:`personal.counters.PERSON_WEIGHTS`, so that nobody clicks an item up. An event that cannot be placed (no
    item, no query, a time that is none) is passed over.

    Args:
        events: UBI, in any order.
        asked: text by ``query_id``, for events that do not say what was asked.
    """
    people: dict[tuple[str, str, str], dict[str, list[tuple[int, str, str]]]] = {}
    for number, event in enumerate(events):
        action, item = event.get("action_name"), item_of(event)
        query = query_of(event, {}) or (asked or {}).get(str(event.get("query_id")), "")
        query = " ".join(query.lower().split())
        if action not in ("impression", "click") or item is None or not query:
            continue
        try:
            time_ms = milliseconds(event.get("timestamp"), 2**53)
        except EventRejected:
            continue
        seen = Observation(
            CounterKey("", item, query), "", str(action), time_ms, str(number), bucket_of(ordinal_of(event))
        )
        whose = (person_of(event), query, item)
        people[whose] = added(people.get(whose, {}), [seen])
    found: Exposures = {}
    for (_, query, item), state in people.items():
        sums = found.setdefault((query, item), {})
        for action, slots in state.items():
            for weight, (_, _, bucket) in zip(PERSON_WEIGHTS, slots, strict=False):
                name = cell(action, bucket)
                sums[name] = sums.get(name, 0.0) + weight
    return found


def of_each_person(
    events: Iterable[Mapping[str, Any]], asked: Mapping[str, str] | None = None, *, eta: float = DEFAULT_ETA
) -> dict[str, dict[str, dict[str, float]]]:
    """Grades by person, query and item, each from what that person alone did.

    ``eta`` is given, not estimated: an estimate from the same logs would be of everybody, and no one person's share
    of it is bounded. Queries without a click and events of nobody are left out; who is not logged in is their visit.

    Args:
        events, asked: as :func:`exposures` takes them.
    """
    by_person: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        who = person_of(event)
        if who:
            by_person.setdefault(who, []).append(event)
    result = {}
    for who, own in by_person.items():
        grades = learned(exposures(own, asked), eta, fewest=1.0).grades
        if grades:
            result[who] = grades
    return result


def rate(sums: Mapping[str, float], eta: float) -> tuple[float, float]:
    """Of one query and item: clicks weighted by inverse propensity, and impressions."""
    theta = propensities(eta)
    clicks = sum(sums.get(cell("click", bucket), 0.0) / max(theta[bucket], SMALLEST) for bucket in BUCKETS)
    return clicks, sum(sums.get(cell("impression", bucket), 0.0) for bucket in BUCKETS)


def learned(found: Exposures, eta: float | None = None, *, fewest: float = FEWEST_CLICKS) -> Clicked:
    """Grade what was shown by how often it was clicked for each look.

    Args:
        found: as :func:`exposures` counts.
        eta: ``None`` estimates it from the same counts, and takes the prior where they do not tell; 0 takes clicks as
            they are, which gives whatever stood on top the best grades.
        fewest: clicks of a query that is graded.
    """
    told = estimate_eta(found.values()) if eta is None else None
    used = eta if eta is not None else told if told is not None else DEFAULT_ETA
    by_query: dict[str, dict[str, tuple[float, float]]] = {}
    clicks_of: dict[str, float] = {}
    for (query, item), sums in sorted(found.items()):
        by_query.setdefault(query, {})[item] = rate(sums, used)
        clicks_of[query] = clicks_of.get(query, 0.0) + sum(sums.get(cell("click", bucket), 0.0) for bucket in BUCKETS)
    grades: dict[str, dict[str, float]] = {}
    for query, items in by_query.items():
        if clicks_of[query] >= fewest:
            grades[query] = _graded(items)
    return Clicked(grades, used, told is not None, len(by_query) - len(grades))


def _graded(items: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Grades of a query's items, from (weighted clicks, impressions)."""
    rates = {item: clicks / max(shown, 1.0) for item, (clicks, shown) in items.items()}
    top = max(rates.values())
    return {item: math.log2(1.0 + (2.0**TOP_GRADE - 1.0) * value / top) for item, value in rates.items()}
