"""Where the head of a passage contradicts a query, in ways that hold in any shop.

A case for a tracker has all of its words and is not a tracker; a black chair is not a white one. The head of a passage
is what comes before its description: title, brand, colour and category (``plugin.document.passage``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .words import words

NAMES = ("accessory", "behind", "clash")
_TITLE_END = re.compile(r" \| |\n|\. ")

ACCESSORIES = frozenset({"accessory", "compatible", "replacement", "part", "spare", "refill"})
"""A passage that says one of these of itself is something for the thing asked for, unless that was asked for."""
SERVES = frozenset({"for", "compatible", "fit", "replacement", "work"})
"""Behind one of these a title names what the product serves, not what it is."""
FILLERS = frozenset({"for", "with", "of", "in", "on", "and", "the", "a"})

EXCLUSIVE: tuple[tuple[frozenset[str], ...], ...] = tuple(
    tuple(frozenset(value.split("/")) for value in group.split())
    for group in (
        "black white/ivory red blue/navy green yellow pink purple gray/grey/silver brown/tan beige orange gold",
        "wood/wooden/oak/walnut/pine/teak/bamboo metal/steel/iron/aluminum leather glass plastic/acrylic "
        "velvet/fabric/linen/cotton wicker/rattan marble ceramic silk wool",
        "round/circular square rectangular/rectangle oval",
        "twin full queen king",
        "men/man/male/boy women/woman/lady/female/girl",
        "kid/child/children/toddler/baby/infant/newborn/boy/girl men/women/man/woman/adult",
    )
)
"""Groups of values of which a product usually has one. Words are folded as by :func:`ranker.words.words`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The folded words of a passage's head.

    Attributes:
        title: those of the title, in their order.
        head: those of title, brand, colour and category.
    """

    title: tuple[str, ...]
    head: frozenset[str]


HEAD_CHARS = 600
"""Characters of a passage that its head reaches at most."""


def title_of(text: str) -> str:
    """The title that a passage begins with."""
    return _TITLE_END.split(text[:HEAD_CHARS], maxsplit=1)[0]


def reading(text: str) -> Reading:
    """Read the head of a passage."""
    return _reading(text[:HEAD_CHARS])


@lru_cache(maxsize=4096)
def _reading(text: str) -> Reading:
    """The latest are remembered, for the same products are found again and again."""
    return Reading(tuple(words(title_of(text))), frozenset(words(text.split(". ", 1)[0])))


def demands(query: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """How each text's head contradicts a query.

    Returns:
        shape ``(len(texts), len(NAMES))``. ``accessory`` 1: it calls itself an accessory or a spare part and the query
        does not ask for one. ``behind`` 1: what its title shares with the query stands behind 'for', 'fits' and the
        like only. ``clash``: half of the :data:`EXCLUSIVE` groups, at most 2 of which count, where the query names a
        value and the head only other ones.
    """
    asked = frozenset(words(query))
    content = asked - FILLERS
    wanted = [(group, [value for value in group if value & asked]) for group in EXCLUSIVE]
    wanted = [(group, values) for group, values in wanted if len(values) == 1]
    result = np.zeros((len(texts), len(NAMES)))
    for row, text in enumerate(texts):
        title, head = reading(text).title, reading(text).head
        serves = next((place for place, word in enumerate(title) if word in SERVES), len(title))
        before, after = content.intersection(title[:serves]), content.intersection(title[serves:])
        clashes = sum(
            not any(value & head for value in values) and any(other & head for other in group)
            for group, values in wanted
        )
        result[row] = (
            bool((head & ACCESSORIES) - asked),
            bool(after) and not before,
            min(clashes, 2) / 2.0,
        )
    return result
