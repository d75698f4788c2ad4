"""What a profile remembers: the latest thing of each kind that a person did with each item, and what they asked for.

Such a memory is a semilattice, as the counters are: adding an event twice, or in another order, gives the same memory,
and it has a size that no number of events exceeds. It is therefore equal to what a rebuild from the event log gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plugin.document import category_path

from .errors import SealBroken
from .pseudonyms import normal_query

KEPT_CELLS = 200
"""How many (item, action) pairs are remembered, the latest first."""
KEPT_QUERIES = 50
MAX_FACET_CHARS = 80
MAX_QUERY_CHARS = 100
MAX_ATTRIBUTES = 6

STRENGTH: Mapping[str, float] = {
    "click": 1.0,
    "view": 1.0,
    "watch": 1.0,
    "add_to_cart": 3.0,
    "purchase": 5.0,
    "return": -6.0,
}
"""What an action says about a liking. What was merely shown says nothing."""


class Deed(NamedTuple):
    """The latest event of one action on one item: when (epoch milliseconds), and a digest that breaks ties."""

    time_ms: int
    event: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is remembered of an item.

    Attributes:
        facets: values by name: ``brand``, ``color``, ``department`` (widest category), ``kind`` (narrowest), and
            short attributes as ``attributes.NAME``.
        price: in the catalogue's currency, ``None`` where it is not known.
    """

    facets: Mapping[str, str]
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person did with an item, or asked for.

    Attributes:
        action: of :data:`STRENGTH`, or another, which is not remembered.
        item: the product's id; ``None`` where there is none.
        facts: of the item; ``None``: it is not in the catalogue, and not remembered.
        query: what was typed, or ``""``.
        time_ms: when.
        event: digest of the event's id.
    """

    action: str
    item: str | None
    facts: Facts | None
    query: str
    time_ms: int
    event: str


@dataclass(frozen=True, slots=True)
class Taste:
    """A memory. Immutable.

    Attributes:
        deeds: by (item, action).
        facts: by item, of exactly the items of ``deeds``.
        queries: when a text was last typed, by its normal form.
    """

    deeds: Mapping[tuple[str, str], Deed] = field(default_factory=dict)
    facts: Mapping[str, Facts] = field(default_factory=dict)
    queries: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.deeds or self.queries)

    @property
    def recent_items(self) -> list[str]:
        """Items, the one touched last first."""
        latest: dict[str, int] = {}
        for (item, _), deed in self.deeds.items():
            latest[item] = max(latest.get(item, 0), deed.time_ms)
        return sorted(latest, key=lambda item: (-latest[item], item))

    @property
    def recent_queries(self) -> list[str]:
        """Queries, the last one first."""
        return sorted(self.queries, key=lambda text: (-self.queries[text], text))

    def plus(self, actions: Iterable[Action]) -> Taste:
        """This memory with more in it; ``self`` when that changes nothing."""
        deeds, facts, queries = dict(self.deeds), dict(self.facts), dict(self.queries)
        for seen in actions:
            text = normal_query(seen.query)[:MAX_QUERY_CHARS]
            if text:
                queries[text] = max(queries.get(text, 0), seen.time_ms)
            if seen.item is None or seen.facts is None or seen.action not in STRENGTH:
                continue
            key, deed = (seen.item, seen.action), Deed(seen.time_ms, seen.event)
            deeds[key] = max(deeds.get(key, deed), deed)
            facts.setdefault(seen.item, seen.facts)
        kept = sorted(deeds, key=lambda key: (deeds[key], key), reverse=True)[:KEPT_CELLS]
        asked = sorted(queries, key=lambda text: (queries[text], text), reverse=True)[:KEPT_QUERIES]
        items = {item for item, _ in kept}
        after = Taste(
            {key: deeds[key] for key in sorted(kept)},
            {item: facts[item] for item in sorted(items)},
            {text: queries[text] for text in sorted(asked)},
        )
        return self if after == self else after

    def merged(self, other: Taste) -> Taste:
        """Both memories together."""
        actions = [
            Action(action, item, other.facts[item], "", deed.time_ms, deed.event)
            for (item, action), deed in other.deeds.items()
        ]
        asked = [Action("", None, None, text, time_ms, "") for text, time_ms in other.queries.items()]
        return self.plus([*actions, *asked])

    def encoded(self) -> bytes:
        """As JSON."""
        document = {
            "deeds": [[item, action, *deed] for (item, action), deed in self.deeds.items()],
            "facts": {item: [dict(facts.facets), facts.price] for item, facts in self.facts.items()},
            "queries": dict(self.queries),
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    @classmethod
    def decoded(cls, document: bytes) -> Taste:
        """Read what :meth:`encoded` made.

        Raises:
            SealBroken: it has another form.
        """
        try:
            found = json.loads(document)
            return cls(
                {(item, action): Deed(time_ms, event) for item, action, time_ms, event in found["deeds"]},
                {item: Facts(facets, price) for item, (facets, price) in found["facts"].items()},
                found["queries"],
            )
        except (ValueError, KeyError, TypeError):
            raise SealBroken("a record has an unknown form") from None


EMPTY = Taste()


def facts_of(source: Mapping[str, Any]) -> Facts:
    """What to remember of a product in the catalogue's form."""
    facets: dict[str, str] = {}
    for name in ("brand", "color"):
        _put(facets, name, source.get(name))
    path = category_path(source)
    if path:
        _put(facets, "department", path[0])
        _put(facets, "kind", path[-1])
    attributes = source.get("attributes")
    if isinstance(attributes, Mapping):
        most = len(facets) + MAX_ATTRIBUTES
        for name in sorted(attributes)[: 4 * MAX_ATTRIBUTES]:
            if len(facets) < most and len(name) <= 40:
                _put(facets, f"attributes.{name}", attributes[name])
    price = source.get("price")
    known = isinstance(price, int | float) and not isinstance(price, bool) and price > 0
    return Facts(facets, float(price) if known else None)  # type: ignore[arg-type]


def _put(facets: dict[str, str], name: str, value: object) -> None:
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_FACET_CHARS:
        facets[name] = value.strip().casefold()
