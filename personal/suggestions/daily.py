"""The private choice of suggestions, once for each day that is over, with a record of what it spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import BEHAVIOUR, UBI_QUERIES
from plugin.statedocs import Stored, Write, read_many, refresh, write_many

from ..counters import DAY_MS, Family, digest
from ..errors import FoldFailed
from ..pseudonyms import Pseudonyms
from .asked import Asked, askers_of
from .private import Budget, counted, need_opendp, released

LATE_MS = 15 * 60 * 1000
"""How long after midnight (UTC) a day is over. Queries that come later with that day's time do not count."""
DAYS_BACK = 7
"""A service that was away chooses for these days."""
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Spent:
    """The record of one day and catalogue.

    Attributes:
        day: of the epoch, UTC.
        epsilon, delta: spent on that day's people. A person of several days has the sum over these days at most.
        queries: how many of one person counted.
        released: how many queries were released, known ones among them.
    """

    catalogue: str
    day: int
    epsilon: float
    delta: float
    queries: int
    released: int


class DailyChoice:
    """Chooses. Any number may run at once: a day is chosen for once, by whose record is first."""

    def __init__(
        self,
        engine: Engine,
        pseudonyms: Pseudonyms,
        family: Family,
        asked: Asked,
        budget: Budget,
        *,
        tell: Callable[[str, Sequence[Spent]], None] | None = None,
    ) -> None:
        """Make one.

        Args:
            engine: the cluster.
            pseudonyms: of people and queries.
            family: of the counters.
            asked: publishes.
            budget: of a day.
            tell: is given a catalogue's name and all its records, when this one has seen another day of it chosen for,
                by whomever.

        Raises:
            NoOpenDP: OpenDP is not installed.
        """
        need_opendp()
        self._engine, self._pseudonyms, self._family, self._asked = engine, pseudonyms, family, asked
        self._budget, self._tell = budget, tell
        self._done: set[tuple[str, int]] = set()

    def run(self, now_ms: int) -> int:
        """Choose for all days that are over and have no record; returns how many (catalogue, day) that were.

        Raises:
            FoldFailed: the engine refuses a record.
            EngineError: it does not answer.
        """
        today = (now_ms - LATE_MS) // DAY_MS
        count = 0
        for day in range(today - DAYS_BACK, today):
            if ("", day) in self._done:
                continue
            for catalogue in catalogues_of(self._engine, day):
                if (catalogue, day) not in self._done:
                    count += self._choose(catalogue, day)
                    self._done.add((catalogue, day))
                    if self._tell is not None:
                        self._tell(catalogue, spent(self._engine, catalogue))
            self._done.add(("", day))
        return count

    def _choose(self, catalogue: str, day: int) -> bool:
        name = "r." + digest(str(self._family), catalogue, str(day))
        known = self._record(name)
        if known is None:
            typed = list(askers_of(_queries(self._engine, catalogue, day)))
            secret = self._pseudonyms.of("drawn", catalogue, str(day)).encode()
            found = released(counted(((who, text) for _, text, who, _ in typed), self._budget, secret), self._budget)
            epsilon, delta = self._budget.spent()
            record = {
                "kind": "released",
                "family": str(self._family),
                "catalogue": catalogue,
                "day": day,
                "epsilon": epsilon,
                "delta": delta,
                "queries": self._budget.queries,
                "count": len(found),
                "to_publish": found,
            }
            # The record first: a draw whose outcome was seen and that nobody wrote down would be spent unseen.
            if self._write(Write(BEHAVIOUR, name, record)) == "conflict":
                return False
            known = self._record(name)
        if known is None or known.source["to_publish"] is None:
            return False
        self._asked.release(catalogue, known.source["to_publish"], (day + 1) * DAY_MS)
        # Published once: what an erasure takes back later must not come again from here.
        self._write(Write(BEHAVIOUR, name, known.source | {"to_publish": None}, known))
        return True

    def _record(self, name: str) -> Stored | None:
        return read_many(self._engine, [(BEHAVIOUR, name)]).get((BEHAVIOUR, name))

    def _write(self, write: Write) -> str:
        outcome = write_many(self._engine, [write])[0]
        if outcome.kind == "refused":
            raise FoldFailed("the engine refuses the record of a day's private choice")
        return outcome.kind


def spent(engine: Engine, catalogue: str) -> list[Spent]:
    """All records of a catalogue, by day. Raises ``EngineError``."""
    refresh(engine, BEHAVIOUR)
    body = {"query": {"bool": {"filter": [{"term": {"kind": "released"}}, {"term": {"catalogue": catalogue}}]}}}
    with engine.mapped_errors():
        found = [hit["_source"] for hit in helpers.scan(engine.client, index=BEHAVIOUR, query=body, size=PAGE)]
    records = [
        Spent(catalogue, one["day"], one["epsilon"], one["delta"], one["queries"], one["count"]) for one in found
    ]
    return sorted(records, key=lambda one: one.day)


def composed(records: Iterable[Spent]) -> tuple[float, float]:
    """(epsilon, delta) that the people of all these days have at most: the sums (basic composition)."""
    every = list(records)
    return sum(one.epsilon for one in every), sum(one.delta for one in every)


def catalogues_of(engine: Engine, day: int) -> list[str]:
    """Which catalogues were asked on a day; none where there is no query log."""
    refresh(engine, UBI_QUERIES)
    body = {"size": 0, "query": _on(day), "aggs": {"names": {"terms": {"field": "application", "size": 10_000}}}}
    answer = engine.search(UBI_QUERIES, body)
    return sorted(str(bucket["key"]) for bucket in answer["aggregations"]["names"]["buckets"])


def _queries(engine: Engine, catalogue: str, day: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    query = {"bool": {"filter": [{"term": {"application": catalogue}}, _on(day)]}}
    with engine.mapped_errors():
        for hit in helpers.scan(engine.client, index=UBI_QUERIES, query={"query": query}, size=PAGE):
            yield str(hit["_id"]), hit["_source"]


def _on(day: int) -> dict[str, Any]:
    return {"range": {"timestamp": {"gte": day * DAY_MS, "lt": (day + 1) * DAY_MS, "format": "epoch_millis"}}}
