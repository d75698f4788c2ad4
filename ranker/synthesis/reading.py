"""What a product's text says about it: its kind, brand, colour, sizes, uses and other properties."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..words import words
from .lexicon import AUDIENCES, CHUNK_END, COLOURS, SIZES, STOP, UNIT, USE

Phrase = tuple[str, ...]
"""Folded words (:func:`ranker.words.words`)."""

HEAD_SHARE = 0.25
"""A word that ends a noun phrase in this share of its titles names a kind of product."""
LONGEST_KIND = 3
COUNTED = 20_000
"""Products whose descriptions are counted, which bounds memory."""
NAME = re.compile(r"\b[A-Z][a-z]+(?: [A-Z][a-z'-]+){1,2}\b")


@dataclass(frozen=True, slots=True)
class Said:
    """A phrase as the catalogue writes it, and folded.

    Attributes:
        text: lower case, as a shopper would type it.
        folded: what is looked for in other products.
    """

    text: str
    folded: Phrase


@dataclass(frozen=True, slots=True)
class Item:
    """One product, read.

    Attributes:
        kinds: names of what it is, each longer than the one before (``mattress``, ``foam mattress``); may be empty.
        head: the last word of its kind, folded; empty where the kind is not known.
        properties: by what they are: ``brand``, ``colour``, ``size``, ``audience``, ``use``, ``attribute``, ``name``
            (of a person or a series), ``modifier`` (of the title), ``detail`` (of the description).
        title: surface words of the title, in order.
        title_bag, bag: folded words of title and fields, and of everything.
        target_bag: folded words after "for" or "compatible with" in the title: what an accessory belongs to.
    """

    id: str
    kinds: tuple[Said, ...]
    head: str
    properties: Mapping[str, tuple[Said, ...]]
    title: tuple[str, ...]
    title_bag: frozenset[str]
    bag: frozenset[str]
    target_bag: frozenset[str]


def plain(text: str) -> str:
    """Lower case, without accents and on one line."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'").replace('"', " inch "))
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def said(text: str) -> Said:
    """A phrase of a catalogue."""
    shown = " ".join(re.findall(r"[\w']+", plain(text)))
    return Said(shown, tuple(words(shown)))


def strings(value: Any) -> list[str]:
    """Texts in a field: a string, a list of them, or nothing."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(entry) for entry in values if isinstance(entry, str) and entry.strip()]


class Reader:
    """Learns from all titles which words name kinds of products, then reads each product.

    Args:
        products: in the catalogue's form (``id``, ``title``, and what else there is).
    """

    def __init__(self, products: Sequence[Mapping[str, Any]]) -> None:
        self._brands = {word for product in products for name in strings(product.get("brand")) for word in words(name)}
        self._colours = COLOURS | {
            word
            for product in products
            for name in strings(product.get("color"))
            if len(words(name)) == 1
            for word in words(name)
        }
        self._details: Counter[Phrase] = Counter()
        self._names: Counter[Phrase] = Counter()
        for product in products[:COUNTED]:
            description = str(product.get("description") or "")
            self._details.update({pair for _, pair in _pairs(plain(description))})
            self._names.update({name.folded for name in _names(description)})
        ends: Counter[str] = Counter()
        self.frequency: Counter[str] = Counter()
        self._phrases: Counter[Phrase] = Counter()
        for product in products:
            title = plain(str(product.get("title") or ""))
            folded = words(title)
            self.frequency.update(set(folded))
            self._phrases.update(
                {tuple(folded[at : at + size]) for size in (2, 3) for at in range(len(folded) - size + 1)}
            )
            ends.update({chunk[-1] for chunk in self._chunks(title)})
        self.count = len(products)
        self._heads = {
            word
            for word, count in ends.items()
            if count >= 2 and count >= HEAD_SHARE * self.frequency[word] and self._may_be_head(word)
        }

    def read(self, product: Mapping[str, Any]) -> Item:
        """Read one product."""
        title = plain(str(product.get("title") or ""))
        description = plain(str(product.get("description") or ""))
        kinds = self._kinds(title, strings(product.get("category")))
        head = kinds[0].folded[-1] if kinds else ""
        attributes = dict(product.get("attributes") or {})
        properties = {
            "brand": tuple(said(name) for name in strings(product.get("brand"))[:1]),
            "colour": tuple(said(name) for name in strings(product.get("color"))[:1] if len(words(name)) <= 2),
            "size": tuple(_sizes(title)),
            "audience": tuple(Said(word, (word,)) for word in dict.fromkeys(words(title)) if word in AUDIENCES),
            "use": tuple(self._uses(title, description)),
            "attribute": tuple(
                said(value) for name in sorted(attributes) for value in strings(attributes[name]) if _short(value)
            ),
            "name": tuple(
                name for name in _names(str(product.get("description") or "")) if self._names[name.folded] >= 2
            ),
            "detail": tuple(self._said_in(description, {word for kind in kinds for word in kind.folded})),
            "modifier": tuple(self._modifiers(title, {word for kind in kinds for word in kind.folded})),
        }
        fields = " ".join(text for name in ("brand", "color", "category") for text in strings(product.get(name)))
        values = " ".join(entry.text for entry in properties["attribute"])
        title_bag = frozenset(words(f"{title} {fields} {values}"))
        after = re.split(r"\b(?:for|compatible with|fits)\b", title, maxsplit=1)
        return Item(
            id=str(product["id"]),
            kinds=tuple(kinds),
            head=head,
            properties={name: tuple(entry for entry in found if entry.folded) for name, found in properties.items()},
            title=tuple(re.findall(r"[\w']+", title)),
            title_bag=title_bag,
            bag=title_bag | frozenset(words(description)),
            target_bag=frozenset(words(after[1])) if len(after) == 2 else frozenset(),
        )

    def rarity(self, word: str) -> float:
        """Inverse document frequency among titles, about 0 to 10."""
        return math.log(max(self.count / (1.0 + self.frequency[word]), 1.0))

    def _may_be_head(self, word: str) -> bool:
        return (
            len(word) >= 3
            and word.isalpha()
            and word.isascii()
            and word not in STOP | SIZES | AUDIENCES
            and word not in self._colours
            and word not in self._brands
        )

    def _chunks(self, title: str) -> Iterator[list[str]]:
        for chunk in CHUNK_END.split(title):
            folded = words(chunk)
            # A number, size or unit at the end is no name.
            while folded and (not folded[-1].isalpha() or folded[-1] in STOP | SIZES):
                folded.pop()
            if folded:
                yield folded

    def _kinds(self, title: str, category: Sequence[str]) -> list[Said]:
        """Names of the kind: as the category's leaf has it, and as the title's first noun phrase with a known head."""
        leaves = [said(category[-1].split(">")[-1])] if category else []
        known = [leaf for leaf in leaves if 1 <= len(leaf.folded) <= LONGEST_KIND + 1]
        return [*known, *(kind for kind in self._of_title(title) if kind.folded not in {leaf.folded for leaf in known})]

    def _of_title(self, title: str) -> list[Said]:
        surface = re.findall(r"[\w']+", title)
        folded = [(words(word) or [""])[0] for word in surface]
        for chunk in self._chunks(title):
            if chunk[-1] not in self._heads:
                continue
            at = _find(folded, chunk)
            if at is None:
                continue
            end = at + len(chunk)
            found = [Said(surface[end - 1], (folded[end - 1],))]
            for size in range(2, LONGEST_KIND + 1):
                phrase = tuple(folded[end - size : end]) if end - size >= at else ()
                if not phrase or self._phrases[phrase] < 2 or not self._describes(phrase[0]):
                    break
                found.append(Said(" ".join(surface[end - size : end]), phrase))
            return found
        return []

    def _describes(self, word: str) -> bool:
        return word.isalpha() and word not in STOP and word not in self._brands and word not in self._colours

    def _said_in(self, description: str, kind: set[str]) -> Iterator[Said]:
        """Pairs of words that a few descriptions share."""
        for text, pair in _pairs(description):
            rare = 3 <= self._details[pair] <= max(0.02 * min(self.count, COUNTED), 10)
            if rare and not kind & set(pair) and all(self._describes(word) for word in pair):
                yield Said(text, pair)

    def _uses(self, title: str, description: str) -> Iterator[Said]:
        found = re.findall(r"\bfor ([a-z][a-z' ]{2,30}?)(?=[,;:|()\-]|\band\b|\bwith\b|$)", title)
        found += USE.findall(description)[:3]
        for text in found:
            phrase = [word for word in re.findall(r"[a-z']+", text) if word not in STOP][:2]
            folded = tuple(words(" ".join(phrase)))
            if folded and not set(folded) <= AUDIENCES and all(self.frequency[word] >= 2 for word in folded):
                yield Said(" ".join(phrase), folded)

    def _modifiers(self, title: str, kind: set[str]) -> Iterator[Said]:
        """Words of the title that some other titles have too, and pairs of them that often stand together."""
        surface = re.findall(r"[\w']+", title)
        folded = [(words(word) or [""])[0] for word in surface]
        for at, word in enumerate(folded):
            if word in kind or not self._describes(word) or len(word) < 3 or word in AUDIENCES | SIZES:
                continue
            if not 2 <= self.frequency[word] <= max(0.1 * self.count, 10):
                continue
            after = folded[at + 1] if at + 1 < len(folded) else ""
            if self._phrases[(word, after)] >= 3 and after not in kind and self._describes(after):
                yield Said(f"{surface[at]} {surface[at + 1]}", (word, after))
            else:
                yield Said(surface[at], (word,))


def _pairs(text: str) -> Iterator[tuple[str, Phrase]]:
    """Neighbouring words of a text that both say something."""
    surface = re.findall(r"[\w']+", text)
    for one, two in itertools.pairwise(surface):
        if len(one) >= 4 and len(two) >= 4 and one not in STOP and two not in STOP:
            folded = tuple(words(f"{one} {two}"))
            if len(folded) == 2:
                yield f"{one} {two}", folded


def _names(description: str) -> Iterator[Said]:
    """Sequences of capitalised words; the first word of a sentence is none, unless it is part of a name."""
    for text in dict.fromkeys(NAME.findall(description)):
        name = said(text)
        if not set(name.folded) & STOP:
            yield name


def _short(value: str) -> bool:
    return 1 <= len(words(value)) <= 3


def _sizes(title: str) -> Iterable[Said]:
    found = [Said(f"{number} {unit}", tuple(words(number)[:1])) for number, unit in UNIT.findall(title)]
    return [*found, *(Said(word, (word,)) for word in dict.fromkeys(words(title)) if word in SIZES)]


def _find(folded: Sequence[str], chunk: Sequence[str]) -> int | None:
    for at in range(len(folded) - len(chunk) + 1):
        if list(folded[at : at + len(chunk)]) == list(chunk):
            return at
    return None
