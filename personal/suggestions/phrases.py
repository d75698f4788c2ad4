"""The phrases of a catalogue: brands, categories, both together, and what many titles say in the same words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugin.document import category_path

from .book import Entry, Kind
from .text import folded, is_cjk, joined, key, tokens

MIN_PRODUCTS = 3
"""In how many titles words must stand together to be a phrase."""
LONGEST_WORDS = 4
LONGEST_CJK = 6
MOST_COUNTED = 2_000_000
"""How many different runs of words are counted at once; beyond it those seen once are dropped (lossy counting)."""
MOST_PHRASES = 100_000
MAX_CHARS = 60
BEST_STANDING = 0.5
"""A phrase stands below what many people typed."""
SHARED = 0.6
"""A facet's value belongs to a suggestion when so large a part of its products has it."""

_WORD = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’.-][^\W_]+)*")
_BREAK = re.compile(r"\s+[–—|/-]\s+|[,;:|()\[\]{}!?。，；：！？、【】（）]+")
_EMPTY = frozenset(
    tokens(
        "a an and are as at by de del der die das dem en et for from fur im in la las le les los mit no of on "
        "or para per pour sans sin the to und un una une von with without x y your"
    )
)
"""Words at which no phrase begins or ends."""

Scan = Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(slots=True)
class _Phrase:
    text: str
    kind: Kind
    products: int


def catalogue_entries(scan: Scan) -> list[Entry]:
    """What a catalogue suggests by itself.

    Args:
        scan: gives the products; called twice, so that memory does not grow with the catalogue.

    Returns:
        At most :data:`MOST_PHRASES`, the best first.
    """
    phrases = _phrases(scan())
    facets: dict[str, dict[str, Counter[str]]] = {name: {} for name in phrases}
    for product in scan():
        known = facets_of(product)
        for name in _keys_of(product):
            counts = facets.get(name)
            if counts is not None:
                for facet, value in known.items():
                    counts.setdefault(facet, Counter())[value] += 1
    most = max((phrase.products for phrase in phrases.values()), default=1)
    return [
        Entry(
            phrase.text,
            name,
            phrase.kind,
            BEST_STANDING * math.log1p(phrase.products) / math.log1p(most),
            shared_facets(facets[name], phrase.products),
        )
        for name, phrase in phrases.items()
    ]


def facets_of(product: Mapping[str, Any]) -> dict[str, str]:
    """Brand, colour, department and kind of a product, as it writes them."""
    found = {name: value.strip() for name in ("brand", "color") if isinstance(value := product.get(name), str)}
    path = category_path(product)
    if path:
        found |= {"department": path[0], "kind": path[-1]}
    return {name: value for name, value in found.items() if value}


def shared_facets(counts: Mapping[str, Counter[str]], products: int) -> dict[str, str]:
    """The values that most of the products have."""
    shared = {}
    for facet, values in counts.items():
        value, count = values.most_common(1)[0]
        if count >= SHARED * products:
            shared[facet] = value
    return shared


def _phrases(products: Iterable[Mapping[str, Any]]) -> dict[str, _Phrase]:
    named: dict[str, _Phrase] = {}
    counted: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for product in products:
        for text, kind in _names(product):
            _count(named, text, kind)
        for text in set(_runs(str(product.get("title") or ""))):
            name = key(text)
            if name and len(text) <= MAX_CHARS:
                counted[name] += 1
                spelt.setdefault(name, text)
        if len(counted) > MOST_COUNTED:
            counted = Counter({name: count for name, count in counted.items() if count > 1})
            spelt = {name: spelt[name] for name in counted}
    for name, count in _closed(counted).items():
        if name not in named:
            named[name] = _Phrase(spelt[name].lower(), "phrase", count)
    # One product's brand and kind together are that product, not a phrase.
    named = {name: phrase for name, phrase in named.items() if phrase.kind != "phrase" or phrase.products > 1}
    best = sorted(named.items(), key=lambda pair: (-pair[1].products, pair[0]))[:MOST_PHRASES]
    return dict(best)


def _count(named: dict[str, _Phrase], text: str, kind: Kind) -> None:
    name = key(text)
    if not name or len(text) > MAX_CHARS:
        return
    found = named.get(name)
    if found is None:
        named[name] = _Phrase(text, kind, 1)
    else:
        found.products += 1


def _closed(counted: Counter[str]) -> dict[str, int]:
    """Those often enough that are no part of a longer one which is as often."""
    often = {name: count for name, count in counted.items() if count >= MIN_PRODUCTS}
    longer: dict[str, int] = {}
    for name, count in often.items():
        words = tokens(name)
        for part in (joined(words[1:]), joined(words[:-1])):
            longer[part] = max(longer.get(part, 0), count)
    return {name: count for name, count in often.items() if longer.get(name, 0) < count}


def _names(product: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    """Names that stand for many products."""
    facets = facets_of(product)
    for name in category_path(product):
        yield name, "category"
    brand, kind, colour = facets.get("brand"), facets.get("kind"), facets.get("color")
    if brand:
        yield brand, "brand"
    if kind and brand:
        yield f"{brand} {kind.lower()}", "phrase"
    if kind and colour:
        yield f"{colour.lower()} {kind.lower()}", "phrase"


def _runs(title: str) -> Iterator[str]:
    """Every run of a few words of a title that stays within one of its parts."""
    for part in _BREAK.split(title):
        words = _WORD.findall(part)
        for first in range(len(words)):
            longest = LONGEST_CJK if is_cjk(words[first]) else LONGEST_WORDS
            for last in range(first + 1, min(first + longest, len(words)) + 1):
                run = words[first:last]
                if _says_something(run):
                    yield joined(run)


def _says_something(run: list[str]) -> bool:
    if folded(run[0]) in _EMPTY or folded(run[-1]) in _EMPTY or run[-1].isdigit():
        return False
    return len(run) >= 2 or (len(run[0]) >= 4 and run[0].isalpha())


def _keys_of(product: Mapping[str, Any]) -> set[str]:
    return {key(text) for text, _ in _names(product)} | {key(text) for text in _runs(str(product.get("title") or ""))}
