"""The arithmetic of counting: pure functions, no engine.

What one person did with one item is kept as the latest few events of each action. Such a set is a semilattice: adding
an event twice, or in another order, gives the same set. Sums over people are plain additions, for an event's weight
is fixed by its time (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay", ICDE 2009).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

KEPT = 3
"""How many events of one person, item and action count."""
PERSON_WEIGHTS = (1.0, 0.25, 0.0625)
"""What the latest of them weighs, the one before, and the one before that."""
LANDMARK_MS = 1_704_067_200_000
"""2024-01-01: where an event weighs 1."""
DAY_MS = 86_400_000
MIN_HALF_LIFE_DAYS = 7.0
"""A shorter one would leave the range of a double before 2043."""

RANK_EDGES = (1, 2, 3, 4, 6, 10, 20)
"""Last rank of each bucket; ranks beyond are the next one."""
BUCKETS = ("1", "2", "3", "4", "5", "7", "11", "21", "unknown")
"""A bucket is named by its first rank."""
PLACED = frozenset({"impression", "click"})
"""Actions that are summed by rank."""

Slot = tuple[int, str, str]
"""When (epoch milliseconds), which event (digest), which bucket."""
State = Mapping[str, list[Slot]]
"""The latest events of one person with one item, by action, latest first."""
Sums = dict[str, float]
"""Weights by cell; see :func:`cell`."""


class Key(NamedTuple):
    """Whose counter: an item of a catalogue, or (with a query's pseudonym) an item for a query."""

    catalogue: str
    item: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One event, as far as it is counted.

    Attributes:
        key: the counter.
        person: pseudonym.
        action: one of ``personal.events.ACTIONS``.
        time_ms: when.
        event: digest of the event's id; breaks ties.
        bucket: where the item stood.
    """

    key: Key
    person: str
    action: str
    time_ms: int
    event: str
    bucket: str


@dataclass(frozen=True, slots=True)
class Family:
    """Counters that may be added up: one form, one half-life, one key of pseudonyms.

    Attributes:
        half_life_days: after how long an event counts half.
        key_id: of the pseudonyms.
        epoch: another number is another family, which is counted anew from the truth.
    """

    half_life_days: float
    key_id: str
    epoch: int = 1

    def __post_init__(self) -> None:
        if not self.half_life_days >= MIN_HALF_LIFE_DAYS:
            raise ValueError(f"half_life_days: expected {MIN_HALF_LIFE_DAYS} or more")

    def __str__(self) -> str:
        return f"2-{self.half_life_days:g}-{self.key_id}-{self.epoch}"

    def weight(self, time_ms: int) -> float:
        """What an event of that time weighs."""
        return float(2.0 ** ((time_ms - LANDMARK_MS) / (self.half_life_days * DAY_MS)))

    def counter_id(self, key: Key) -> str:
        """The id of a counter's document."""
        return self.counter_ids(key.catalogue, (key.item,), key.query)[0]

    def counter_ids(self, catalogue: str, items: Iterable[str], query: str = "") -> list[str]:
        """The ids of many items' counters, of one catalogue and one query's pseudonym."""
        before, after = _framed(str(self), catalogue), _framed(query)
        return [f"c.{_digest(f'{before}{len(item)}:{item}{after}')}" for item in items]

    def person_id(self, key: Key, person: str) -> str:
        """The id of a person's document."""
        return "p." + digest(str(self), *key, person)


def bucket_of(ordinal: int | None) -> str:
    """The bucket of a rank from 1; 0, as logs that count from 0 write the first place, is in the first."""
    if ordinal is None or ordinal < 0:
        return "unknown"
    for name, last in zip(BUCKETS, RANK_EDGES, strict=False):
        if ordinal <= last:
            return name
    return "21"


def cell(action: str, bucket: str) -> str:
    """The name of a sum: the action, and the bucket where it is summed by rank."""
    return f"{action}_{bucket}" if action in PLACED else action


CELLS = (
    *(cell(action, bucket) for action in ("impression", "click") for bucket in BUCKETS),
    "view",
    "watch",
    "add_to_cart",
    "purchase",
)


def added(state: State, observations: Iterable[Observation]) -> dict[str, list[Slot]]:
    """A person's state with more events in it: of each action the :data:`KEPT` latest of all that were ever added."""
    found = {action: {(slot[0], slot[1], slot[2]) for slot in slots} for action, slots in state.items()}
    for seen in observations:
        found.setdefault(seen.action, set()).add((seen.time_ms, seen.event, seen.bucket))
    return {action: sorted(slots, reverse=True)[:KEPT] for action, slots in sorted(found.items())}


def contribution(state: State, family: Family) -> Sums:
    """What one person adds to a counter."""
    sums: Sums = {}
    for action, slots in state.items():
        for weight, (time_ms, _, bucket) in zip(PERSON_WEIGHTS, slots, strict=False):
            name = cell(action, bucket)
            sums[name] = sums.get(name, 0.0) + weight * family.weight(time_ms)
    return sums


def plus(sums: Mapping[str, float], change: Mapping[str, float]) -> Sums:
    """Two sums added; a remainder that is only rounding becomes 0."""
    result = dict(sums)
    for name, value in change.items():
        total = result.get(name, 0.0) + value
        result[name] = 0.0 if abs(total) <= 1e-12 * abs(value) else total
    return result


def difference(new: Mapping[str, float], old: Mapping[str, float]) -> Sums:
    """``new - old``, cells without a change left out."""
    changes = {name: new.get(name, 0.0) - old.get(name, 0.0) for name in sorted({*new, *old})}
    return {name: change for name, change in changes.items() if change != 0.0}


def fold(observations: Iterable[Observation], family: Family) -> dict[Key, Sums]:
    """Count everything at once, the slow and obvious way: what the counters in the engine have to be equal to."""
    people: dict[tuple[Key, str], list[Observation]] = {}
    for seen in observations:
        people.setdefault((seen.key, seen.person), []).append(seen)
    totals: dict[Key, Sums] = {}
    for (key, _), events in people.items():
        totals[key] = plus(totals.get(key, {}), contribution(added({}, events), family))
    return totals


def digest(*parts: str) -> str:
    """32 hex digits over parts, which cannot run into each other."""
    return _digest(_framed(*parts))


def _framed(*parts: str) -> str:
    return "".join([f"{len(part)}:{part}" for part in parts])


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
