"""Affinities: how well products fit what somebody did before. Pure functions, no engine, no keys.

Each facet of a product (brand, colour, kind, ...) is weighed as naive Bayes would: how much more often the person chose
this value than the products at hand offer it. Comparing with what is at hand, and not with the whole catalogue, means
that a liking for boots does not lift every boot among boots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from plugin.document import category_path

from .event_times import DAY_S
from .taste import STRENGTH, Facts, Taste, facts_of

PROFILE_HALF_LIFE_S = 30.0 * DAY_S
SESSION_HALF_LIFE_S = 3600.0

WEIGHTS: Mapping[str, float] = {"brand": 0.6, "color": 0.45, "kind": 0.5, "department": 0.3}
ATTRIBUTE_WEIGHT = 0.25
"""Of each attribute; those that a person does not care about come out near 0 by themselves."""
PRICE_WEIGHT = 0.8
PRIOR = 5.0
"""How many chosen products a facet's prior is worth: below that little is believed."""
LIMIT = 2.0
"""No facet says more than this (natural logarithm of a ratio)."""
PRICE_SPREAD = 0.6
"""Standard deviation of the price that a person chooses, in octaves around their level."""

Prices = Mapping[str, float]
"""The usual price of each category, by name."""


def affinities(
    taste: Taste,
    products: Mapping[str, Mapping[str, Any]],
    *,
    now_ms: int,
    half_life_s: float = PROFILE_HALF_LIFE_S,
    prices: Prices | None = None,
) -> dict[str, float]:
    """How well each product fits a memory, beside the others at hand.

    Args:
        taste: of a person or a session.
        products: the catalogue's form, by id; all that are to be compared with each other.
        now_ms: the time of now, epoch milliseconds.
        half_life_s: after how many seconds a deed counts half.
        prices: usual prices; without them the price says nothing.

    Returns:
        0..1 by id, 0.5 is neutral. Empty when nothing is remembered that could be compared.
    """
    weights = item_weights(taste, now_ms, half_life_s)
    if not weights or not products:
        return {}
    facts = {name: facts_of(source) for name, source in products.items()}
    total = dict.fromkeys(products, 0.0)
    for facet in sorted({facet for known in taste.facts.values() for facet in known.facets}):
        weight = WEIGHTS.get(facet, ATTRIBUTE_WEIGHT)
        for name, lift in _lifts(facet, taste, weights, facts).items():
            total[name] += weight * lift
    for name, fit in _price_fits(taste, weights, products, prices or {}).items():
        total[name] += PRICE_WEIGHT * fit
    return {name: 1.0 / (1.0 + math.exp(-value)) for name, value in total.items()}


def item_weights(taste: Taste, now_ms: int, half_life_s: float) -> dict[str, float]:
    """What is left of each remembered item: strengths of what was done, halved every half-life; 0 and less left out."""
    found: dict[str, float] = {}
    for (item, action), deed in taste.deeds.items():
        age_s = max(0, now_ms - deed.time_ms) / 1000.0
        found[item] = found.get(item, 0.0) + STRENGTH.get(action, 0.0) * 2.0 ** (-age_s / half_life_s)
    return {item: weight for item, weight in found.items() if weight > 1e-6}


def facet_weights(taste: Taste, facet: str, weights: Mapping[str, float]) -> dict[str, float]:
    """The decayed weight of each value of a facet."""
    found: dict[str, float] = {}
    for item, weight in weights.items():
        value = taste.facts[item].facets.get(facet)
        if value is not None:
            found[value] = found.get(value, 0.0) + weight
    return found


def _lifts(facet: str, taste: Taste, weights: Mapping[str, float], facts: Mapping[str, Facts]) -> Mapping[str, float]:
    """The logarithm of (how often a value was chosen) over (how often it is offered), by product."""
    values = {name: value for name, known in facts.items() if (value := known.facets.get(facet)) is not None}
    offered: dict[str, int] = {}
    for value in values.values():
        offered[value] = offered.get(value, 0) + 1
    chosen = {value: weight for value, weight in facet_weights(taste, facet, weights).items() if value in offered}
    total = sum(chosen.values())
    if not total:
        return {}
    lift = {
        value: math.log((chosen.get(value, 0.0) + PRIOR * count / len(values)) / (total + PRIOR))
        - math.log(count / len(values))
        for value, count in offered.items()
    }
    return {name: max(-LIMIT, min(LIMIT, lift[value])) for name, value in values.items()}


def _price_fits(
    taste: Taste, weights: Mapping[str, float], products: Mapping[str, Mapping[str, Any]], prices: Prices
) -> Mapping[str, float]:
    """How near each product's price level is to the person's, -1..1; products without a level are left out."""
    level, total = 0.0, 0.0
    for item, weight in weights.items():
        known = taste.facts[item]
        usual = prices.get(known.facets.get("kind", ""))
        if usual and known.price:
            level += weight * math.log2(known.price / usual)
            total += weight
    if not total:
        return {}
    level, trust = level / (total + PRIOR), total / (total + PRIOR)
    fits = {}
    for name, source in products.items():
        found = price_level(source, prices)
        if found is not None:
            fits[name] = trust * (2.0 * math.exp(-0.5 * ((found - level) / PRICE_SPREAD) ** 2) - 1.0)
    return fits


def price_level(source: Mapping[str, Any], prices: Prices) -> float | None:
    """log2 of a product's price over what is usual for its kind; ``None`` where either is not known."""
    path = category_path(source)
    usual = prices.get(path[-1].casefold()) if path else None
    price = source.get("price")
    if not usual or isinstance(price, bool) or not isinstance(price, int | float) or price <= 0:
        return None
    return math.log2(price / usual)
