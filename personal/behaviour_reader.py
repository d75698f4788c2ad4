"""The signal ``behaviour`` of a window of items, read at once: what was counted a moment ago is in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import BEHAVIOUR, UBI_EVENTS
from plugin.statedocs import read_many

from .behaviour import NOTHING_KNOWN, Formula, Means, Tally, behaviour, tally
from .counters import CELLS, Family, Key, Sums
from .event_times import now_ms
from .positions import estimate_eta
from .pseudonyms import Pseudonyms

MEANS_KEPT_S = 10.0
"""A catalogue's means move slowly; they come from a search, the counters themselves never do."""
_MOST_CATALOGUES = 256


class BehaviourReader:
    """Reads the signal. Thread-safe."""

    def __init__(self, engine: Engine, pseudonyms: Pseudonyms, family: Family, formula: Formula | None = None) -> None:
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._family = family
        self.formula = formula or Formula()
        self._lock = threading.Lock()
        self._means: dict[str, tuple[float, Means]] = {}

    def signals(
        self, catalogue: str, query: str | None, items: Sequence[str], *, timeout_s: float | None = None
    ) -> dict[str, float]:
        """The signal of each item that anything is known about; the others are left out, which is not 0.

        Args:
            catalogue: the alias.
            query: what was typed, or ``None``.
            items: ids of products.
            timeout_s: seconds for each of at most two requests.

        Raises:
            EngineError: the engine does not answer in time, or behaviour is not installed.
        """
        if not items:
            return {}
        means = self.means(catalogue, timeout_s=timeout_s)
        blind = self._pseudonyms.query(catalogue, query) if query else ""
        ids = self._family.counter_ids(catalogue, items)
        of_query = self._family.counter_ids(catalogue, items, blind) if blind else ids
        wanted = [(BEHAVIOUR, name) for name in (*ids, *of_query)]
        found = read_many(self._engine, wanted, fields=["sums"], timeout_s=timeout_s)
        now, eta = self._family.weight(now_ms()), self.formula.eta
        signals: dict[str, float] = {}
        for item, name, name_of_query in zip(items, ids, of_query, strict=True):
            counter = found.get((BEHAVIOUR, name))
            if counter is None:
                continue
            asked = found.get((BEHAVIOUR, name_of_query)) if blind else None
            signals[item] = behaviour(
                tally(counter.source["sums"], now, eta),
                tally(asked.source["sums"], now, eta) if asked is not None else None,
                means,
                self.formula,
            )
        return signals

    def clicked(
        self, catalogue: str, query: str | None, item: str, *, timeout_s: float | None = None
    ) -> Callable[[int], float]:
        """The signal that an item would have, had so many more people seen and clicked it for the query just now.

        Raises:
            EngineError: the engine does not answer in time, or behaviour is not installed.
        """
        means = self.means(catalogue, timeout_s=timeout_s)
        blind = self._pseudonyms.query(catalogue, query) if query else ""
        keys = [Key(catalogue, item), *([Key(catalogue, item, blind)] if blind else [])]
        wanted = [(BEHAVIOUR, self._family.counter_id(key)) for key in keys]
        found = read_many(self._engine, wanted, fields=["sums"], timeout_s=timeout_s)
        now, eta = self._family.weight(now_ms()), self.formula.eta
        known = [tally(found[place].source["sums"] if place in found else {}, now, eta) for place in wanted]

        def signal(more: int) -> float:
            own, *of_query = (Tally(one.seen + more, one.interest + more, one.sales) for one in known)
            return behaviour(own, of_query[0] if of_query else None, means, self.formula)

        return signal

    def means(self, catalogue: str, *, timeout_s: float | None = None) -> Means:
        """How the catalogue's items do as a whole, as it was at most :data:`MEANS_KEPT_S` ago."""
        with self._lock:
            kept = self._means.get(catalogue)
        if kept is not None and time.monotonic() - kept[0] < MEANS_KEPT_S:
            return kept[1]
        means = self._asked(catalogue, timeout_s)
        with self._lock:
            if len(self._means) >= _MOST_CATALOGUES:
                self._means.clear()
            self._means[catalogue] = (time.monotonic(), means)
        return means

    def _asked(self, catalogue: str, timeout_s: float | None) -> Means:
        aggregations = {name: {"sum": {"field": f"sums.{name}"}} for name in CELLS}
        body = {"size": 0, "track_total_hits": True, "query": self._counters(catalogue, "item"), "aggs": aggregations}
        answer = self._engine.search(BEHAVIOUR, body, timeout_s=timeout_s)
        count = int(answer["hits"]["total"]["value"])
        if count == 0:
            return NOTHING_KNOWN
        sums = {name: float(answer["aggregations"][name]["value"]) for name in CELLS}
        return Means(tally(sums, self._family.weight(now_ms()), self.formula.eta), count)

    def estimated_eta(self, catalogue: str) -> float | None:
        """How fast attention falls with the rank, from all counters; see :func:`personal.positions.estimate_eta`."""
        body = {
            "size": 0,
            "query": {"term": {"application": catalogue}},
            "aggs": {"latest": {"max": {"field": "timestamp"}}},
        }
        latest = self._engine.search(UBI_EVENTS, body)["aggregations"]["latest"]["value"]
        if latest is None:
            return None
        # An old log tells as much as a new one: places did not change their meaning.
        return estimate_eta(self._all(catalogue), self._family.weight(int(latest)))

    def _all(self, catalogue: str) -> Iterator[Sums]:
        query: dict[str, Any] = {"query": self._counters(catalogue, "query"), "_source": ["sums"]}
        self._engine.request("POST", f"/{BEHAVIOUR}/_refresh")
        with self._engine.mapped_errors():
            for hit in helpers.scan(self._engine.client, index=BEHAVIOUR, query=query):
                yield hit["_source"]["sums"]

    def _counters(self, catalogue: str, kind: str) -> dict[str, Any]:
        terms = {"family": str(self._family), "catalogue": catalogue, "kind": kind}
        return {"bool": {"filter": [{"term": {name: value}} for name, value in terms.items()]}}
