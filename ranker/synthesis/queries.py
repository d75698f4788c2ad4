"""Queries as shoppers type them, each made from a product that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from ..errors import TrainingDataError
from ..words import words
from .grades import EXACT, Judge, Meaning, grade
from .lexicon import STOP
from .reading import Item, Reader, Said
from .typos import misspelt

SHARES: Mapping[str, float] = {
    "kind": 2.0,
    "brand": 2.0,
    "colour": 1.5,
    "size": 1.5,
    "audience": 1.5,
    "use": 1.5,
    "attribute": 1.5,
    "name": 1.0,
    "detail": 1.5,
    "modifier": 2.5,
    "two": 3.0,
    "without": 0.8,
    "known_item": 1.5,
}
"""How often each form of query is tried."""
TYPO_SHARE = 0.12
TRIES = 30


@dataclass(frozen=True, slots=True)
class Query:
    """A made query.

    Attributes:
        id: ``s`` and six digits.
        text: what is typed, a typing error perhaps among it.
        form: one of :data:`SHARES`.
        grades: pseudo-judgments by product id; at least one is 3.
        made_from: the product that it was made from.
    """

    id: str
    text: str
    form: str
    grades: Mapping[str, int]
    made_from: str


def synthesise(
    products: Sequence[Mapping[str, Any]],
    *,
    queries: int,
    seed: int = 7,
    typos: float = TYPO_SHARE,
    report: Callable[[int], None] | None = None,
) -> list[Query]:
    """Make queries with graded pseudo-judgments from a catalogue's own text.

    The kind of a product is its category's leaf, or the head of the first noun phrase of its title; properties are
    brand, colour, size, audience, use, attributes and other words of the title. A query combines the kind with some of
    them, so that products which share only a part are graded lower (see :func:`ranker.synthesis.grades.grade`).

    Args:
        products: in the catalogue's form.
        queries: how many different ones; fewer come where the catalogue gives no more.
        typos: share with a typing error.
        report: told after each query how many there are.

    Raises:
        TrainingDataError: no product gives a query.
    """
    reader = Reader(products)
    items = [reader.read(product) for product in products]
    judge = Judge(items)
    random = np.random.default_rng(seed)
    forms = list(SHARES)
    shares = np.array([SHARES[form] for form in forms])
    found: dict[str, Query] = {}
    peers: dict[str, list[Item]] = {}
    for item in items:
        if item.head:
            peers.setdefault(item.head, []).append(item)
    for _ in range(queries * TRIES if items else 0):
        if len(found) >= queries:
            break
        item = items[int(random.integers(len(items)))]
        form = forms[int(random.choice(len(forms), p=shares / shares.sum()))]
        made = _made(form, item, reader, peers.get(item.head, []), random)
        if made is None:
            continue
        text, meaning = made
        key = " ".join(words(text))
        if not key or key in found or grade(meaning, item) != EXACT:
            continue
        grades = judge.judged(meaning, random)
        grades.setdefault(item.id, EXACT)
        if len(set(grades.values())) < 2:
            continue
        shown = misspelt(text, random) if random.random() < typos else text
        found[key] = Query(f"s{len(found) + 1:06d}", shown, form, grades, item.id)
        if report:
            report(len(found))
    if not found:
        raise TrainingDataError("catalogue: its titles give no query; products need titles of words, or categories")
    return list(found.values())


def _made(
    form: str, item: Item, reader: Reader, peers: Sequence[Item], random: Generator
) -> tuple[str, Meaning] | None:
    """A query of a form from a product, or ``None`` where the product lacks what the form needs."""
    if form == "known_item":
        return _known_item(item, reader, random)
    if not item.kinds:
        return None
    # The plain name is asked for most, the long one sometimes.
    kind = item.kinds[int(random.integers(len(item.kinds)))]
    if form == "kind":
        return kind.text, Meaning(kind)
    if form == "without":
        return _without(item, kind, peers, random)
    if form == "two":
        names = [name for name in item.properties if item.properties[name] and name != "use"]
        if len(names) < 2:
            return None
        chosen = [str(name) for name in random.choice(names, 2, replace=False)]
        if "brand" in chosen:
            chosen = ["brand", *(name for name in chosen if name != "brand")]
        wanted = [_one(item.properties[name], random) for name in chosen]
    else:
        if not item.properties[form]:
            return None
        chosen, wanted = [form], [_one(item.properties[form], random)]
    if any(set(phrase.folded) & set(kind.folded) for phrase in wanted):
        return None
    if len({word for phrase in wanted for word in phrase.folded}) < sum(len(phrase.folded) for phrase in wanted):
        return None
    return _worded(chosen, wanted, kind, random), Meaning(kind, tuple(wanted))


def _worded(names: Sequence[str], wanted: Sequence[Said], kind: Said, random: Generator) -> str:
    """Properties before the kind or after it, as people put them."""
    before: list[str] = []
    after: list[str] = []
    for name, phrase in zip(names, wanted, strict=True):
        if name == "use":
            after.append(f"for {phrase.text}")
        elif name == "audience":
            after.append(f"for {phrase.text}") if random.random() < 0.5 else before.insert(0, phrase.text)
        elif name == "size" and random.random() < 0.5:
            after.append(phrase.text)
        elif name == "detail" and random.random() < 0.5:
            after.append(f"with {phrase.text}")
        elif name in ("modifier", "attribute", "colour", "name", "detail") and random.random() < 0.2:
            after.append(phrase.text)
        else:
            before.append(phrase.text)
    return " ".join([*before, kind.text, *after])


def _without(item: Item, kind: Said, peers: Sequence[Item], random: Generator) -> tuple[str, Meaning] | None:
    """Something that products of the kind often have and this one has not."""
    if len(peers) < 4:
        return None
    other = peers[int(random.integers(len(peers)))]
    choices = [
        phrase
        for name in ("modifier", "attribute")
        for phrase in other.properties[name]
        if not set(phrase.folded) & item.bag and not set(phrase.folded) & set(kind.folded)
    ]
    if not choices:
        return None
    unwanted = _one(choices, random)
    word = "without" if random.random() < 0.7 else "not"
    return f"{kind.text} {word} {unwanted.text}", Meaning(kind, (), (unwanted,))


def _known_item(item: Item, reader: Reader, random: Generator) -> tuple[str, Meaning] | None:
    """The rarest words of a title, in its order: somebody looks for just this product."""
    folded = [(words(word) or [""])[0] for word in item.title]
    usable = list(dict.fromkeys(word for word in folded if len(word) >= 2 and word not in STOP))
    if len(usable) < 3:
        return None
    count = int(random.integers(3, min(len(usable), 5) + 1))
    rarest = set(sorted(usable, key=lambda word: (-reader.rarity(word), word))[:count])
    shown: list[str] = []
    for surface, word in zip(item.title, folded, strict=True):
        if word in rarest:
            rarest.discard(word)
            shown.append(surface)
    wanted = tuple(Said(text, tuple(words(text))) for text in shown)
    return " ".join(shown), Meaning(None, wanted)


def _one(choices: Sequence[Said], random: Generator) -> Said:
    return choices[int(random.integers(len(choices)))]
