"""Affinities: how well products fit what somebody did before. Pure functions, no engine, no keys.

Each facet of a product (brand, colour, style, ...) is weighed as naive Bayes would: how much more often the person
chose this value than it was to be had where they chose. What was to be had is what the kinds of the chosen products
offer, so that who looked at rugs, which are mostly woollen, is not taken for somebody who likes wool. Kinds themselves,
and what no offers are known of, are compared with the products at hand: a liking for boots does not lift every boot
among boots. A value that stands in a query of the person's own counts as chosen. What no facet tells, the text vectors
do: how near a product lies to the centroid of what was chosen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin.document import category_path

from .event_times import DAY_S
from .taste import STRENGTH, Taste, facts_of

PROFILE_HALF_LIFE_S = 30.0 * DAY_S
SESSION_HALF_LIFE_S = 3600.0

WEIGHTS: Mapping[str, float] = {"brand": 0.6, "color": 0.45, "kind": 0.2, "department": 0.1}
"""Of facets. Kinds weigh little: they say what somebody needed, not how they like it."""
KINDS_MATTER: Mapping[str, float] = {**WEIGHTS, "kind": 0.5, "department": 0.3}
"""Where what is needed is not known yet: in the search box."""
ATTRIBUTE_WEIGHT = 0.4
"""Of each attribute; those that a person does not care about come out near 0 by themselves."""
PRICE_WEIGHT = 0.8
VECTOR_WEIGHT = 0.5
"""Of the cosine to the centroid."""
ASKED = 3.0
"""A value that a person asked for by name counts as this many clicks on products that have it."""
NOT_ASKED = frozenset({"kind", "department"})
"""Facets that a query names because something is needed, not because it is liked."""
CENTROID_ITEMS = 32
"""So many of the items that weigh most make the centroid."""
PRIOR = 5.0
"""How many chosen products a facet's prior is worth: below that little is believed."""
EXPECTED_PRIOR = 2.0
"""How many expected choices a value's prior is worth, where offers are known."""
LIMIT = 2.0
"""No facet says more than this (natural logarithm of a ratio)."""
PRICE_SPREAD = 0.6
"""Standard deviation of the price that a person chooses, in octaves around their level."""

Prices = Mapping[str, float]
"""The usual price of each category, by name."""
Offers = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Of each kind of product, by facet and value, the share of its products that have the value, 0..1."""
Vectors = Mapping[str, NDArray[np.float32]]
"""Unit vectors of products, by id."""


def affinities(
    taste: Taste,
    products: Mapping[str, Mapping[str, Any]],
    *,
    now_ms: int,
    half_life_s: float = PROFILE_HALF_LIFE_S,
    prices: Prices | None = None,
    offers: Offers | None = None,
    vectors: Vectors | None = None,
    facets: Mapping[str, float] = WEIGHTS,
) -> dict[str, float]:
    """How well each product fits a memory, beside the others at hand.

    Args:
        taste: of a person or a session.
        products: the catalogue's form, by id; all that are to be compared with each other.
        now_ms: the time of now, epoch milliseconds.
        half_life_s: after how many seconds a deed counts half.
        prices: usual prices; without them the price says nothing.
        offers: of the kinds of the remembered items; where they are missing, the products at hand stand for them.
        vectors: text vectors of the products at hand and of the remembered items, as far as known; without them
            likeness says nothing.
        facets: what each facet weighs; those that are missing weigh :data:`ATTRIBUTE_WEIGHT`.

    Returns:
        0..1 by id, 0.5 is neutral. Empty when nothing is remembered that could be compared.
    """
    weights = item_weights(taste, now_ms, half_life_s)
    if not (weights or taste.queries) or not products:
        return {}
    offered: dict[str, dict[str, str]] = {}
    for name, source in products.items():
        for facet, value in facts_of(source).facets.items():
            offered.setdefault(facet, {})[name] = value
    total = dict.fromkeys(products, 0.0)
    chosen_of = _chosen(taste, weights)
    for facet, asked in _asked(taste, offered, now_ms, half_life_s).items():
        values = chosen_of.setdefault(facet, {})
        for value, weight in asked.items():
            values[value] = values.get(value, 0.0) + weight
    if not chosen_of:
        return {}
    for facet, chosen in sorted(chosen_of.items()):
        if facet in offered:
            factor, at_hand = facets.get(facet, ATTRIBUTE_WEIGHT), offered[facet]
            expected = {} if facet in NOT_ASKED else _expected(taste, weights, facet, at_hand, offers or {})
            lifts = _lifts_beside(chosen, expected) if expected else _lifts(chosen, at_hand)
            if lifts:
                for name, value in at_hand.items():
                    total[name] += factor * lifts[value]
    for name, fit in _price_fits(taste, weights, products, prices or {}).items():
        total[name] += PRICE_WEIGHT * fit
    for name, fit in _likenesses(weights, products, vectors or {}).items():
        total[name] += VECTOR_WEIGHT * fit
    return {name: 1.0 / (1.0 + math.exp(-value)) for name, value in total.items()}


def item_weights(taste: Taste, now_ms: int, half_life_s: float) -> dict[str, float]:
    """What is left of each remembered item: strengths of what was done, halved every half-life; 0 and less left out."""
    found: dict[str, float] = {}
    for (item, action), deed in taste.deeds.items():
        age_s = max(0, now_ms - deed.time_ms) / 1000.0
        found[item] = found.get(item, 0.0) + STRENGTH.get(action, 0.0) * 2.0 ** (-age_s / half_life_s)
    return {item: weight for item, weight in found.items() if weight > 1e-6}


def centroid_items(taste: Taste, now_ms: int, half_life_s: float) -> list[str]:
    """The items whose vectors make the centroid: those that weigh most, ties by id."""
    weights = item_weights(taste, now_ms, half_life_s)
    return sorted(weights, key=lambda item: (-weights[item], item))[:CENTROID_ITEMS]


def facet_weights(taste: Taste, facet: str, weights: Mapping[str, float]) -> dict[str, float]:
    """The decayed weight of each value of a facet."""
    return _chosen(taste, weights).get(facet, {})


def _chosen(taste: Taste, weights: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """The decayed weight of each value, by facet."""
    found: dict[str, dict[str, float]] = {}
    for item, weight in weights.items():
        for facet, value in taste.facts[item].facets.items():
            values = found.setdefault(facet, {})
            values[value] = values.get(value, 0.0) + weight
    return {facet: found[facet] for facet in sorted(found)}


def _asked(
    taste: Taste, offered: Mapping[str, Mapping[str, str]], now_ms: int, half_life_s: float
) -> dict[str, dict[str, float]]:
    """The decayed weight of each value at hand that stands in the person's own queries as whole words, by facet."""
    padded = {
        f" {text} ": ASKED * 2.0 ** (-max(0, now_ms - when) / 1000.0 / half_life_s)
        for text, when in sorted(taste.queries.items())
    }
    everything = "\n".join(padded)
    found: dict[str, dict[str, float]] = {}
    for facet, values in offered.items():
        if facet in NOT_ASKED:
            continue
        for value in sorted({value for value in values.values() if f" {value} " in everything}):
            weight = sum(strength for text, strength in padded.items() if f" {value} " in text)
            if weight > 1e-6:
                found.setdefault(facet, {})[value] = weight
    return found


def _likenesses(
    weights: Mapping[str, float], products: Mapping[str, Mapping[str, Any]], vectors: Vectors
) -> Mapping[str, float]:
    """The cosine of each product at hand to the centroid of what was chosen, -1..1, both seen from the mean of what is
    at hand, and shrunk where little was chosen; products without a vector are left out."""
    chosen = sorted((item for item in weights if item in vectors), key=lambda item: (-weights[item], item))
    chosen = chosen[:CENTROID_ITEMS]
    at_hand = [name for name in products if name in vectors]
    if not chosen or len(at_hand) < 2:
        return {}
    table = np.stack([vectors[name] for name in at_hand]).astype(np.float64)
    mean = table.mean(axis=0)
    factors = np.array([weights[item] for item in chosen])
    trust = factors.sum() / (factors.sum() + PRIOR)
    centre = factors @ np.stack([vectors[item] for item in chosen]) / factors.sum() - mean
    table -= mean
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(centre)
    cosines = np.divide(table @ centre, lengths, out=np.zeros(len(at_hand)), where=lengths > 1e-9)
    return {name: trust * float(value) for name, value in zip(at_hand, cosines, strict=True)}


def _expected(
    taste: Taste, weights: Mapping[str, float], facet: str, at_hand: Mapping[str, str], offers: Offers
) -> dict[str, float]:
    """How much would have been chosen of each value at hand, had every choice within its kind been by chance.

    Returns:
        Decayed weight by value; empty where no offers are known of any chosen product's kind.
    """
    by_kind: dict[str, float] = {}
    for item, weight in weights.items():
        known = taste.facts[item].facets
        if facet in known:
            kind = known.get("kind", "")
            by_kind[kind] = by_kind.get(kind, 0.0) + weight
    if not any(kind in offers for kind in by_kind):
        return {}
    here = {value: count / len(at_hand) for value, count in Counter(at_hand.values()).items()}
    found = dict.fromkeys(here, 0.0)
    for kind, weight in sorted(by_kind.items()):
        shares = offers[kind].get(facet, {}) if kind in offers else here
        for value in found:
            found[value] += weight * shares.get(value, 0.0)
    return found


def _lifts_beside(chosen: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
    """The logarithm of (what was chosen of a value) over (what chance would have chosen), shrunk, by value."""
    lifts = {}
    for value, chance in expected.items():
        lift = math.log((chosen.get(value, 0.0) + EXPECTED_PRIOR) / (chance + EXPECTED_PRIOR))
        lifts[value] = max(-LIMIT, min(LIMIT, lift))
    return lifts


def _lifts(chosen: Mapping[str, float], values: Mapping[str, str]) -> dict[str, float]:
    """The logarithm of (how often a value was chosen) over (how often it is offered), by value.

    Args:
        chosen: weight by value.
        values: of the products at hand, by id.
    """
    offered = Counter(values.values())
    total = sum(weight for value, weight in chosen.items() if value in offered)
    if not total:
        return {}
    lifts = {}
    for value, count in offered.items():
        share = count / len(values)
        lift = math.log((chosen.get(value, 0.0) + PRIOR * share) / (total + PRIOR) / share)
        lifts[value] = max(-LIMIT, min(LIMIT, lift))
    return lifts


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
