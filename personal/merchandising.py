"""What a shop decides itself: products pinned to a place, hidden, or boosted for a query."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import MERCHANDISING, check_catalogue_name
from plugin.statedocs import delete, read_many, upsert

from .counters import digest
from .errors import RuleRejected
from .pseudonyms import normal_query

EVERY_QUERY = "*"
"""The rule under this name holds for every query, browsing included; pins need a query."""
MOST = 200
"""Products that one rule may name in each of its three parts."""
LAST_PLACE = 100
MAX_BOOST = 1.0
MAX_QUERY_CHARS = 500


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one query.

    Attributes:
        pinned: product id to place, from 1.
        hidden: ids that are not shown, counted or offered as facets.
        boosts: what is added to a product's score, -1 to 1; scores of a window lie in 0 to 1.
    """

    pinned: Mapping[str, int] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    boosts: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.pinned or self.hidden or self.boosts)

    def as_json(self) -> dict[str, Any]:
        """The form that :func:`read_rule` takes."""
        return {
            "pinned": [{"id": item, "place": place} for item, place in self.pinned.items()],
            "hidden": list(self.hidden),
            "boosts": dict(self.boosts),
        }


NO_RULE = Rule()


def read_rule(value: object) -> Rule:
    """Read ``{pinned?, hidden?, boosts?}``: ids or ``{id, place}``, ids, and id to number.

    Raises:
        RuleRejected: names the field at fault.
    """
    if not isinstance(value, dict):
        raise RuleRejected("rule", "expected an object with pinned, hidden or boosts")
    for name in value:
        if name not in {"pinned", "hidden", "boosts"}:
            raise RuleRejected(str(name)[:80], "unknown; a rule has pinned, hidden and boosts")
    hidden = tuple(dict.fromkeys(_id(item, f"hidden.{n}") for n, item in enumerate(_list(value, "hidden"))))
    pinned = _pinned(_list(value, "pinned"))
    both = [item for item in pinned if item in hidden]
    if both:
        raise RuleRejected("hidden", "a product cannot be pinned and hidden at once")
    boosts = value.get("boosts") or {}
    if not isinstance(boosts, dict) or len(boosts) > MOST:
        raise RuleRejected("boosts", f"expected an object of at most {MOST}: product id to a number")
    for item, boost in boosts.items():
        _id(item, "boosts")
        if isinstance(boost, bool) or not isinstance(boost, (int, float)) or not math.isfinite(boost):
            raise RuleRejected("boosts", "expected numbers")
        if abs(boost) > MAX_BOOST:
            raise RuleRejected("boosts", f"expected numbers in -{MAX_BOOST:g} to {MAX_BOOST:g}")
    rule = Rule(pinned, hidden, {item: float(boost) for item, boost in boosts.items()})
    if not rule:
        raise RuleRejected("rule", "is empty; give pinned, hidden or boosts, or delete the rule")
    return rule


def _pinned(items: list[Any]) -> dict[str, int]:
    pinned: dict[str, int] = {}
    for number, item in enumerate(items):
        where = f"pinned.{number}"
        if isinstance(item, dict):
            if item.keys() != {"id", "place"}:
                raise RuleRejected(where, "expected an id, or an object with id and place")
            name, place = _id(item["id"], f"{where}.id"), item["place"]
        else:
            name, place = _id(item, where), number + 1
        if isinstance(place, bool) or not isinstance(place, int) or not 1 <= place <= LAST_PLACE:
            raise RuleRejected(f"{where}.place", f"expected a whole number in 1 to {LAST_PLACE}")
        if name in pinned or place in pinned.values():
            raise RuleRejected(where, "this product or this place is pinned twice")
        pinned[name] = place
    return dict(sorted(pinned.items(), key=lambda pin: pin[1]))


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name) or []
    if not isinstance(found, list) or len(found) > MOST:
        raise RuleRejected(name, f"expected a list of at most {MOST} product ids")
    return found


def _id(value: object, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 512:
        raise RuleRejected(where, "expected the id of a product")
    return value


def merged(general: Rule, special: Rule) -> Rule:
    """The rule of every query and that of one: the special one wins where they meet."""
    return Rule(
        special.pinned,
        tuple(item for item in dict.fromkeys((*special.hidden, *general.hidden)) if item not in special.pinned),
        {**general.boosts, **special.boosts},
    )


def apply(ids: Sequence[str], scores: Sequence[float], rule: Rule) -> tuple[list[str], list[float]]:
    """Put boosts and pins upon a finished order.

    Args:
        ids: best first, those of pinned products among them.
        scores: one each.
        rule: what to do; hidden products are expected to be gone.

    Returns:
        The order with each boost added to its score and sorted in, then each pin at its place.
    """
    boosted = [(item, score + rule.boosts.get(item, 0.0)) for item, score in zip(ids, scores, strict=True)]
    boosted.sort(key=lambda pair: -pair[1])  # stable: without boosts nothing moves
    scored = dict(boosted)
    order = pinned([item for item, _ in boosted], rule)
    return order, [scored[item] for item in order]


def pinned(ids: Sequence[str], rule: Rule) -> list[str]:
    """An order with each pinned product that is in it at its place, the others as they were."""
    there = set(ids)
    pins = {item: place for item, place in rule.pinned.items() if item in there}
    order = [item for item in ids if item not in pins]
    for item, place in pins.items():
        order.insert(place - 1, item)
    return order


class RuleBook:
    """The rules in the engine. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, catalogue: str, query: str | None, *, timeout_s: float | None = None) -> Rule:
        """What holds for a query; without one, what holds for every query."""
        names = [EVERY_QUERY, *([normal_query(query)] if query else [])]
        ids = [(MERCHANDISING, _doc_id(catalogue, name)) for name in names]
        found = read_many(self._engine, ids, timeout_s=timeout_s)
        rules = [_rule(found[key].source) if key in found else NO_RULE for key in ids]
        return rules[0] if len(rules) == 1 else merged(rules[0], rules[1])

    def get(self, catalogue: str, query: str) -> Rule | None:
        """The rule that was put under a query, or under :data:`EVERY_QUERY`."""
        key = (MERCHANDISING, _doc_id(catalogue, _name(query)))
        found = read_many(self._engine, [key]).get(key)
        return _rule(found.source) if found is not None else None

    def put(self, catalogue: str, query: str, rule: Rule) -> None:
        """Put a rule in place of the one that may be there.

        Raises:
            RuleRejected: the query is empty or too long, or every query's rule would pin.
        """
        name = _name(query)
        if name == EVERY_QUERY and rule.pinned:
            raise RuleRejected("pinned", "a pin needs a query of its own; every query's rule hides and boosts only")
        upsert(
            self._engine,
            MERCHANDISING,
            _doc_id(catalogue, name),
            {"catalogue": check_catalogue_name(catalogue), "query": name, "rule": rule.as_json()},
        )

    def remove(self, catalogue: str, query: str) -> bool:
        """Delete a rule; false when there was none."""
        return delete(self._engine, MERCHANDISING, _doc_id(catalogue, _name(query)))

    def all(self, catalogue: str) -> Iterator[tuple[str, Rule]]:
        """Every rule of a catalogue as (query, rule), in no order."""
        body = {"query": {"term": {"catalogue": catalogue}}}
        with self._engine.mapped_errors():
            for hit in helpers.scan(self._engine.client, index=MERCHANDISING, query=body):
                yield hit["_source"]["query"], _rule(hit["_source"])


def _name(query: str) -> str:
    name = normal_query(query)
    if not name or len(name) > MAX_QUERY_CHARS:
        raise RuleRejected("query", f"expected 1 to {MAX_QUERY_CHARS} characters, or {EVERY_QUERY} for every query")
    return name


def _rule(source: Mapping[str, Any]) -> Rule:
    value = source["rule"]
    pinned = {str(pin["id"]): int(pin["place"]) for pin in value["pinned"]}
    return Rule(pinned, tuple(value["hidden"]), {str(item): float(boost) for item, boost in value["boosts"].items()})


def _doc_id(catalogue: str, name: str) -> str:
    return digest(catalogue, name)
