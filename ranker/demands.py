"""Where the head of a passage contradicts a query, in ways that hold in any shop.

A case for a tracker has all of its words and is not a tracker; a black chair is not a white one. The head of a passage
is what comes before its description: title, brand, colour and category (``plugin.document.passage``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .heads import Heads
from .words import words

NAMES = ("accessory", "behind", "clash")

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


def demands(query: str, heads: Heads) -> NDArray[np.float64]:
    """How each passage's head contradicts a query.

    Returns:
        shape ``(passages, len(NAMES))``. ``accessory`` 1: it calls itself an accessory or a spare part and the query
        does not ask for one. ``behind`` 1: what its title shares with the query stands behind 'for', 'fits' and the
        like only. ``clash``: half of the :data:`EXCLUSIVE` groups, at most 2 of which count, where the query names a
        value and the head only other ones.
    """
    asked = frozenset(words(query))
    titles = heads.titles
    content = titles.among(asked - FILLERS)
    behind = titles.places >= titles.first(titles.among(SERVES))[titles.rows]
    clashes = np.zeros(titles.count)
    for group in EXCLUSIVE:
        values = [value for value in group if value & asked]
        if len(values) == 1:
            clashes += heads.heads.having(frozenset().union(*group)) & ~heads.heads.having(values[0])
    return np.stack(
        [
            heads.heads.having(ACCESSORIES - asked),
            titles.where(content & behind) & ~titles.where(content & ~behind),
            np.minimum(clashes, 2.0) / 2.0,
        ],
        axis=1,
    ).astype(np.float64)
