"""Which queries many people typed: counted exactly, without keeping who or, until there are enough of them, what.

For each query a document in ``hybridrank-behaviour`` holds the keyed digests of who typed it, each with the last time.
The digest of a person differs from query to query, so nobody's queries can be put together. Such a set is the same
whatever the order, and however often a query is folded in. The text itself enters ``hybridrank-suggestions`` from the
query log at the moment when there are :attr:`Asked.enough` people, and leaves it when there are fewer.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from plugin.client import Engine
from plugin.errors import EngineRejected, InvalidQuery
from plugin.lexical import lexical_clause
from plugin.names import BEHAVIOUR, UBI_QUERIES, check_catalogue_name
from plugin.statedocs import Stored, Write, read_many, write_many

from ..counters import DAY_MS, Family, digest
from ..errors import EventRejected, FoldFailed
from ..event_privacy import scrubbed_text
from ..event_times import milliseconds, now_ms
from ..pseudonyms import Pseudonyms
from ..trail import Documents, Trail
from .phrases import facets_of, shared_facets
from .store import Record, get, put, query_id
from .text import key

KEPT_PEOPLE = 256
"""How many people of one query are remembered: those of the smallest digests, which are a sample of all (the k minimum
values: Bar-Yossef et al., "Counting Distinct Elements in a Data Stream", RANDOM 2002). Up to here counts are exact."""
MAX_CHARS = 60
ATTEMPTS = 40
LOOKED_AT = 20
"""Products of a query that say what it is about."""
_NUMBER = re.compile(r"\d[\d\s().-]{6,}\d")
"""May be a telephone or card number."""

Change = Callable[[dict[str, int]], dict[str, int]]


class Asked:
    """Counts who typed what. Any number may run at once."""

    def __init__(
        self, engine: Engine, pseudonyms: Pseudonyms, family: Family, *, enough: int, by_count: bool = True
    ) -> None:
        """Make one.

        Args:
            engine: the cluster.
            pseudonyms: of queries, and of who typed them.
            family: of the counters, for its half-life.
            enough: how many different people must have typed a query before it is suggested, and to stay.
            by_count: whether this number decides; else :meth:`release` does, and it only withdraws.
        """
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._family = family
        self.enough = enough
        self._by_count = by_count
        self._trail = Trail(engine, UBI_QUERIES, str(family))

    def run(self) -> int:
        """Count what the query log holds since the watermark; returns how many queries were looked at.

        Raises:
            FoldFailed: a counter stayed busy; the next run goes on there.
            EngineError: the engine does not answer or refuses; likewise.
        """
        return self._trail.walk(self.fold)

    def fold(self, queries: Documents) -> None:
        """Count logged queries; those that are counted already change nothing. Raises as :meth:`run` does."""
        people: dict[tuple[str, str], dict[str, int]] = {}
        for catalogue, text, who, when in askers_of(queries):
            known = people.setdefault((catalogue, text), {})
            name = self._digest(catalogue, text, who)
            known[name] = max(known.get(name, 0), when)
        for (catalogue, text), known in people.items():
            self._change(catalogue, text, _adding(known))

    def withdraw(self, person: str, texts: Iterable[tuple[str, str]]) -> None:
        """Forget that a person typed these; what is left of too few people is no suggestion any more.

        Args:
            person: the pseudonym.
            texts: (catalogue, text) each, as the query log has them.
        """
        for catalogue, raw in sorted(set(texts)):
            text = suggestible(raw)
            if text is not None and _is_catalogue(catalogue):
                self._change(catalogue, text, _removing(self._digest(catalogue, text, person)))

    def release(self, catalogue: str, noisy: Mapping[str, int], at_ms: int) -> None:
        """Make these suggestions, as many people having typed each as is said, at that time.

        Whoever reads the suggestions sees texts and numbers of the private choice and none that were counted.
        """
        records = [
            Record(query_id(catalogue, text), text, "query", float(count), at_ms, self._facets(catalogue, text))
            for text, count in sorted(noisy.items())
        ]
        put(self._engine, catalogue, records)

    def _change(self, catalogue: str, text: str, change: Change) -> None:
        name = "a." + digest(str(self._family), catalogue, self._pseudonyms.query(catalogue, key(text)))
        for attempt in range(ATTEMPTS):
            stored = read_many(self._engine, [(BEHAVIOUR, name)]).get((BEHAVIOUR, name))
            before: dict[str, int] = stored.source["people"] if stored is not None else {}
            after = _sample(change(dict(before)))
            if after == before:
                return
            outcome = write_many(self._engine, [self._write(catalogue, name, after, stored)])[0]
            if outcome.kind == "written":
                self._publish(catalogue, text, before, after)
                return
            if outcome.kind == "refused":
                raise FoldFailed("the engine refuses a counter of queries")
            time.sleep(random.uniform(0.0, min(0.1, 0.004 * 2.0**attempt)))
        raise FoldFailed("a counter of queries stayed busy")

    def _write(self, catalogue: str, name: str, people: Mapping[str, int], stored: Stored | None) -> Write:
        source = {"kind": "asked", "family": str(self._family), "catalogue": catalogue, "people": people}
        return Write(BEHAVIOUR, name, source, stored)

    def _publish(self, catalogue: str, text: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        if len(after) < self.enough:
            # A private choice may have released what fewer typed; an erasure takes that back too.
            fewer = len(after) < len(before)
            if len(before) >= self.enough or (not self._by_count and fewer and self._shown(catalogue, text)):
                put(self._engine, catalogue, [Record(query_id(catalogue, text), "", "query", 0.0, now_ms(), {}, True)])
            return
        if not self._by_count:
            return
        name = query_id(catalogue, text)
        known = get(self._engine, [name]).get(name)
        facets = known.facets if known is not None and not known.gone else self._facets(catalogue, text)
        now = now_ms()
        faded = [2.0 ** ((when - now) / (self._family.half_life_days * DAY_MS)) for when in after.values()]
        weight = sum(faded) / len(faded) * people_of(after)
        put(self._engine, catalogue, [Record(name, text, "query", round(weight, 4), now, facets)])

    def _shown(self, catalogue: str, text: str) -> bool:
        name = query_id(catalogue, text)
        known = get(self._engine, [name]).get(name)
        return known is not None and not known.gone

    def _facets(self, catalogue: str, text: str) -> dict[str, str]:
        """What most of the best products of a query share."""
        body = {"size": LOOKED_AT, "_source": ["brand", "color", "category"], "query": lexical_clause(text)}
        try:
            hits = self._engine.search(catalogue, body)["hits"]["hits"]
        except EngineRejected as error:
            if error.status == 404:
                return {}
            raise
        counts: dict[str, Counter[str]] = {}
        for hit in hits:
            for facet, value in facets_of(hit["_source"]).items():
                counts.setdefault(facet, Counter())[value] += 1
        return shared_facets(counts, len(hits))

    def _digest(self, catalogue: str, text: str, who: str) -> str:
        return self._pseudonyms.of("asker", catalogue, f"{key(text)}\x1f{who}")[:16]


def askers_of(queries: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str, str, int]]:
    """(catalogue, text, who, when in epoch milliseconds) of what may be suggested of a query log."""
    now = now_ms()
    for _, document in queries:
        catalogue, text = str(document.get("application")), suggestible(document.get("user_query"))
        who = document.get("client_id") or document.get("session_id")
        if text is None or not isinstance(who, str) or not _is_catalogue(catalogue):
            continue
        if document.get("query_response_object_ids") == []:
            continue  # what finds nothing is not worth suggesting
        try:
            yield catalogue, text, who, milliseconds(document.get("timestamp"), now)
        except EventRejected:
            continue


def suggestible(text: object) -> str | None:
    """The form in which a typed text may be suggested; ``None`` when it may not: too long, or it may name somebody."""
    if not isinstance(text, str) or not 2 <= len(text.strip()) <= MAX_CHARS:
        return None
    plain = " ".join(text.split())
    if scrubbed_text(plain) != plain or _NUMBER.search(plain) or not key(plain):
        return None
    return plain.lower()


def _adding(people: Mapping[str, int]) -> Change:
    return lambda before: {name: max(before.get(name, 0), people.get(name, 0)) for name in sorted({*before, *people})}


def _removing(person: str) -> Change:
    return lambda before: {name: when for name, when in before.items() if name != person}


def _sample(people: Mapping[str, int]) -> dict[str, int]:
    return {name: people[name] for name in sorted(people)[:KEPT_PEOPLE]}


def people_of(sample: Mapping[str, int]) -> float:
    """How many different people a sample stands for: exact below :data:`KEPT_PEOPLE`, within about 6 % above."""
    if len(sample) < KEPT_PEOPLE:
        return float(len(sample))
    largest = max(sample)
    return (len(sample) - 1) / ((int(largest, 16) + 1) / 16.0 ** len(largest))


def _is_catalogue(name: str) -> bool:
    try:
        check_catalogue_name(name)
    except InvalidQuery:
        return False
    return True
