"""The signal ``together``: whether people who cared for one item care for another more than people do."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.client import Engine
from plugin.together import INTEREST, Overlaps, busiest, overlaps, people_of

from .counters import DAY_MS, Family
from .event_times import now_ms

STRENGTH = 2.0
"""How many expected people the mean of all items is worth: the shrinkage of a gamma-Poisson model."""
TRENDING_DAYS = 7
TRENDING_KEPT_S = 10.0
_MOST_CATALOGUES = 256


@dataclass(frozen=True, slots=True)
class Together:
    """What goes with an item, by id of the other; values in 0..1, 0.5 is chance.

    Attributes:
        seen: people who looked at the one looked at the other.
        bought: people who bought the one bought the other.
    """

    seen: dict[str, float]
    bought: dict[str, float]

    def signals(self) -> dict[str, float]:
        """One value an item: the stronger of the two."""
        return {item: max(self.seen.get(item, 0.0), self.bought.get(item, 0.0)) for item in {*self.seen, *self.bought}}


NOTHING = Together({}, {})


def lifts(found: Overlaps, strength: float = STRENGTH) -> dict[str, float]:
    """Observed over expected people, shrunk towards 1, as a value in 0..1.

    Of ``pairs`` that a group of people makes with items, ``pairs * everyone / all_pairs`` are expected with an item
    that ``everyone`` people met. With ``r = (people + strength) / (expected + strength)`` the value is ``r / (r + 1)``.
    """
    values = {}
    for one in found.items:
        expected = found.pairs * one.everyone / max(found.all_pairs, 1)
        relative = (one.people + strength) / (expected + strength)
        values[one.item] = relative / (relative + 1.0)
    return values


class TogetherReader:
    """Reads what goes with items, and what trends. Thread-safe."""

    def __init__(self, engine: Engine, family: Family) -> None:
        self._engine = engine
        self._family = str(family)
        self._lock = threading.Lock()
        self._trending: dict[str, tuple[float, dict[str, float]]] = {}

    def of(
        self,
        catalogue: str,
        wanted: Sequence[Sequence[str]],
        *,
        apart: str | None = None,
        timeout_s: float | None = None,
    ) -> list[Together]:
        """What goes with items, in two requests for all of them.

        Args:
            catalogue: the alias.
            wanted: sets of items; one answer each, over the people who cared for any item of the set.
            apart: a person, by the counters' name, whose own deeds are not to count.
            timeout_s: seconds for each of the two requests.

        Raises:
            EngineError: the engine does not answer or refuses, or behaviour is not installed.
        """
        asked = [items for items in wanted if items]
        if not asked:
            return [NOTHING for _ in wanted]
        kinds = (INTEREST, ("purchase",))
        pairs = [(items, kind) for items in asked for kind in kinds]
        groups = people_of(self._engine, self._family, catalogue, pairs, apart=apart, timeout_s=timeout_s)
        known = [(place, group) for place, group in enumerate(groups) if group.people]
        jobs = [(group, pairs[place][1], pairs[place][0]) for place, group in known]
        found = overlaps(self._engine, self._family, catalogue, jobs, timeout_s=timeout_s)
        values: list[dict[str, float]] = [{} for _ in pairs]
        for (place, _), overlap in zip(known, found, strict=True):
            values[place] = lifts(overlap)
        answers = iter(Together(values[2 * place], values[2 * place + 1]) for place in range(len(asked)))
        return [next(answers) if items else NOTHING for items in wanted]

    def trending(self, catalogue: str, *, timeout_s: float | None = None) -> dict[str, float]:
        """The items that most people cared for in the last week, as it was at most 10 s ago.

        Returns:
            Value in 0..1 by item: its people over those of the first.

        Raises:
            EngineError: as :meth:`of`.
        """
        with self._lock:
            kept = self._trending.get(catalogue)
        if kept is not None and time.monotonic() - kept[0] < TRENDING_KEPT_S:
            return kept[1]
        since = now_ms() - TRENDING_DAYS * DAY_MS
        found = busiest(self._engine, self._family, catalogue, since_ms=since, timeout_s=timeout_s)
        most = max((people for _, people in found), default=1)
        values = {item: people / most for item, people in found}
        with self._lock:
            if len(self._trending) >= _MOST_CATALOGUES:
                self._trending.clear()
            self._trending[catalogue] = (time.monotonic(), values)
        return values
