"""What things usually cost, and what is to be had, by category: remembered for a while, for it moves slowly."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from plugin.client import Engine
from plugin.typical import sampled, typical_prices

from .affinity import Offers, Prices
from .taste import facts_of

KEPT_S = 600.0
MOST_KINDS = 500
"""Kinds whose offers are remembered; some 20 KB each."""
OFFERS_KEPT_S = 3600.0
AT_ONCE = 8
"""Kinds whose offers one request reads: a memory of a hundred kinds must not make anybody wait for all of them."""
_MOST_CATALOGUES = 64


class UsualPrices:
    """Usual prices of catalogues. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Prices]] = {}

    def of(self, catalogue: str, *, timeout_s: float | None = None) -> Prices:
        """The median price of each category by its name in lower case.

        Raises:
            EngineError: the engine does not answer in time.
        """
        with self._lock:
            known = self._known.get(catalogue)
        if known is not None and time.monotonic() - known[0] < KEPT_S:
            return known[1]
        prices = {name.casefold(): price for name, price in typical_prices(self._engine, catalogue, timeout_s).items()}
        with self._lock:
            if len(self._known) >= _MOST_CATALOGUES:
                self._known.clear()
            self._known[catalogue] = (time.monotonic(), prices)
        return prices


class UsualOffers:
    """How often values of facets are to be had in kinds of product. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, Mapping[str, Mapping[str, float]]]] = OrderedDict()

    def of(self, catalogue: str, kinds: Iterable[str], *, timeout_s: float | None = None) -> Offers:
        """The offers of some kinds, as far as they are known and have products.

        What is not known yet, or was read long ago, is read, :data:`AT_ONCE` kinds at a call; so of a memory of many
        kinds all are known after some calls.

        Args:
            catalogue: the alias.
            kinds: names in lower case, as memories have them; those that matter most first.
            timeout_s: seconds, should any have to be read, which is one request.

        Raises:
            EngineError: the engine does not answer in time.
        """
        now = time.monotonic()
        with self._lock:
            kept = {kind: self._known.get((catalogue, kind)) for kind in kinds}
        found = {kind: known[1] for kind, known in kept.items() if known is not None}
        old = [kind for kind, known in kept.items() if known is not None and now - known[0] >= OFFERS_KEPT_S]
        due = [*(kind for kind, known in kept.items() if known is None), *old][:AT_ONCE]
        if due:
            read = sampled(self._engine, catalogue, due, timeout_s)
            fresh = {kind: offers_of(kind, products) for kind, products in zip(due, read, strict=True)}
            with self._lock:
                for kind, offers in fresh.items():
                    self._known[catalogue, kind] = (now, offers)
                    self._known.move_to_end((catalogue, kind))
                while len(self._known) > MOST_KINDS:
                    self._known.popitem(last=False)
            found |= fresh
        return {kind: offers for kind, offers in found.items() if offers}


def offers_of(kind: str, products: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The share of each value among the products of a kind, by facet; products of other kinds are passed over."""
    facts = [facts_of(source).facets for source in products]
    own = [facets for facets in facts if facets.get("kind") == kind]
    counts = Counter(pair for facets in own for pair in facets.items())
    offers: dict[str, dict[str, float]] = {}
    for (facet, value), count in sorted(counts.items()):
        offers.setdefault(facet, {})[value] = count / len(own)
    return offers
