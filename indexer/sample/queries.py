"""Queries in the style of real shoppers, each with what it means.

Most are derived from a product that exists, so that each can be answered; typing errors come on top. The rest are
written by hand: presents, occasions, and what somebody does not want.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .dice import Dice
from .facts import Facts
from .intents import EXACT, IRRELEVANT, Intent
from .vocabulary import queries as query_words
from .vocabulary import vocabulary

KINDS = {
    "type": 5,
    "colour": 5,
    "audience": 3,
    "material": 4,
    "feature": 5,
    "brand": 3,
    "pattern": 2,
    "style": 1.5,
    "price": 2.5,
    "chinese": 2,
}
TYPO_SHARE = 0.16
KEYS = {
    "a": "s",
    "e": "r",
    "i": "o",
    "o": "p",
    "s": "d",
    "t": "r",
    "n": "m",
    "r": "t",
    "l": "k",
    "c": "v",
    "h": "g",
    "u": "i",
}
NEGATIVES = 20


@dataclass(frozen=True, slots=True)
class Query:
    """A query, what was meant, and how it came about (a kind of ``KINDS``, or ``theme`` or ``negation``)."""

    id: str
    text: str
    intent: Intent
    kind: str
    typo: bool = False


def make_queries(seed: int, products: Sequence[Facts], count: int = 200) -> list[Query]:
    """``count`` different queries, each with at least one product that answers it exactly.

    Raises:
        ValueError: when the products are too few or too alike for so many queries.
    """
    found: dict[str, Query] = {}
    for text, intent, kind in _written():
        if len(found) < count and any(intent.grade(p) == EXACT for p in products):
            found[text] = Query(f"q{len(found) + 1:03d}", text, intent, kind)
    dice = Dice(seed, "queries")
    for _ in range(count * 60):
        if len(found) >= count or not products:
            break
        made = _from_product(dice, dice.one(products))
        if made is None:
            continue
        text, intent, kind = made
        correct = text
        typo = kind != "chinese" and dice.chance(TYPO_SHARE)
        text = misspelt(text, dice) if typo else text
        if correct not in found and any(intent.grade(p) == EXACT for p in products):
            found[correct] = Query(f"q{len(found) + 1:03d}", text, intent, kind, typo)
    if len(found) < count:
        raise ValueError(
            f"{len(products)} products give {len(found)} queries, not {count}; ask for fewer or make more products"
        )
    return list(found.values())


def judgments(seed: int, query: Query, products: Sequence[Facts]) -> Iterator[tuple[str, int]]:
    """``(product id, grade)``: everything with a grade above 0, and some products graded 0: those of the same
    departments and a few others."""
    departments = {vocabulary().kinds[key][0].department for key in query.intent.types}
    dice = Dice(seed, "negatives", query.text)
    others = {p.id for p in dice.some(products, NEGATIVES)} if len(products) <= 5000 else set()
    for facts in products:
        grade = query.intent.grade(facts)
        near = vocabulary().departments[facts.department].department in departments
        if grade > IRRELEVANT or facts.id in others or (near and facts.number % 3 == 0):
            yield facts.id, grade


def misspelt(text: str, dice: Dice) -> str:
    """One slip of the fingers in one of the longer words; short words stay as they are."""
    words = text.split()
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isascii() and word.isalpha()]
    if not long:
        return text
    at = dice.one(long)
    word = words[at]
    i = 1 + dice.below(len(word) - 2)
    slips: tuple[Callable[[], str], ...] = (
        lambda: word[:i] + word[i + 1 :],
        lambda: word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        lambda: word[:i] + word[i] + word[i:],
        lambda: word[:i] + KEYS.get(word[i], "e") + word[i + 1 :],
    )
    words[at] = dice.one(slips)()
    return " ".join(words)


def _written() -> Iterator[tuple[str, Intent, str]]:
    words = query_words()
    for kind, entries in (("theme", words.themes), ("negation", words.negations)):
        for entry in entries:
            sets: dict[str, Any] = {
                name: frozenset(getattr(entry, name))
                for name in (
                    "types",
                    "families",
                    "materials",
                    "features",
                    "patterns",
                    "not_features",
                    "not_materials",
                    "not_families",
                )
            }
            yield entry.text, Intent(**sets, audience=entry.audience), kind


def _from_product(dice: Dice, target: Facts) -> tuple[str, Intent, str] | None:
    """A query that this product answers, or ``None`` when it lacks what the drawn kind of query asks for."""
    kind = dice.weighted(KINDS)
    words = vocabulary()
    department, type_ = words.kinds[target.type]
    if kind == "price":
        return _priced(dice, target)
    pattern = dice.one(query_words().patterns[kind])
    conditions: dict[str, Any] = {}
    feature = dice.one(target.features) if target.features else ""
    audience = words.terms.audiences[target.audience]
    material = words.materials[target.material]
    parts = {
        "type": dice.one(type_.search),
        "type_zh": type_.zh,
        "brand": target.brand.lower() if dice.chance(0.7) else target.brand,
    }
    asked = {
        name
        for name in ("colour", "material", "feature", "pattern", "style", "brand", "audience")
        if "{" + name in pattern
    }
    if (
        ("audience" in asked and not (audience.words and audience.zh))
        or ("feature" in asked and not feature)
        or ("pattern" in asked and target.pattern == "plain")
        or (department.book and asked & {"colour", "material", "style"})
    ):
        return None
    if "colour" in asked:
        exact = target.colour if dice.chance(0.25) else target.family
        parts["colour"] = exact
        parts["colour_zh"] = next(
            c.zh for name, c in words.colours.colours.items() if target.family in {name, c.family}
        )
        conditions["families"] = frozenset({target.family})
    if "material" in asked:
        parts["material"], parts["material_zh"] = target.material, material.zh
        conditions["materials"] = frozenset({target.material})
    if "feature" in asked:
        said = dice.one(department.features[feature].words)
        if said.startswith(("with", "for ", "on ")) and not pattern.endswith("{feature}"):
            return None
        parts["feature"] = said
        parts["feature_zh"] = department.features[feature].zh
        conditions["features"] = frozenset({feature})
    if "pattern" in asked:
        parts["pattern"] = dice.one(words.terms.patterns[target.pattern].words)
        conditions["patterns"] = frozenset({target.pattern})
    if "style" in asked:
        parts["style"] = target.style
        conditions["styles"] = frozenset({target.style})
    if "brand" in asked:
        conditions["brands"] = frozenset({target.brand})
    if "audience" in asked:
        parts["audience"], parts["audience_zh"] = dice.one(audience.words), audience.zh
    types = frozenset({target.type} if "{type" in pattern else department.types)
    text = _once(pattern.format(**parts))
    return text, Intent(types, **conditions, audience=target.audience if "audience" in asked else ""), kind


def _priced(dice: Dice, target: Facts) -> tuple[str, Intent, str]:
    type_ = vocabulary().kinds[target.type][1]
    median = type_.price[0]
    pattern = dice.one(query_words().price_words)
    limit = next(
        step
        for step in (10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2500, 10**6)
        if step > target.price
    )
    text = pattern.format(type=dice.one(type_.search), limit=limit)
    types = frozenset({target.type})
    if "{limit}" in pattern:
        return text, Intent(types, highest=float(limit)), "price"
    if pattern.startswith("luxury"):
        return text, Intent(types, lowest=median * 1.25), "price"
    return text, Intent(types, highest=median * 0.9), "price"


def _once(text: str) -> str:
    """Drop a word that is said twice ("leather leather wallet")."""
    kept: list[str] = []
    for word in text.split():
        if word not in kept:
            kept.append(word)
    return " ".join(kept)
