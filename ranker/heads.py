"""The heads of passages in numbers, so that a window's words are compared all at once.

The head of a passage is what comes before its description: title, brand, colour and category
(``plugin.document.passage``). Folding its words costs most of what a text feature costs and depends on the passage
alone, so the latest heads are remembered, each word as its 64-bit hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .words import words

HEAD_CHARS = 600
"""Characters of a passage that its head reaches at most."""
REMEMBERED = 20_000
"""Heads that are remembered; of a product's title and brand, about 1 KB each."""
FEW = 8
"""Words that are compared one after the other; what ``np.isin`` does before it begins takes as long."""
_TITLE_END = re.compile(r" \| |\n|\. ")

Numbers = NDArray[np.int64]


def title_of(text: str) -> str:
    """The title that a passage begins with."""
    return _TITLE_END.split(text[:HEAD_CHARS], maxsplit=1)[0]


def numbers(named: Iterable[str]) -> Numbers:
    """Words as numbers that mean the same word in this process alone: Python's hash, salted per process."""
    return np.array([hash(word) for word in named], np.int64)


@dataclass(frozen=True, slots=True)
class Column:
    """The words of one part of every passage of a window, one after the other.

    Attributes:
        words: shape (words,).
        rows: which passage each belongs to, shape (words,).
        places: which place it has there, from 0, shape (words,).
        count: passages.
    """

    words: Numbers
    rows: Numbers
    places: Numbers
    count: int

    @classmethod
    def of(cls, parts: Sequence[Numbers]) -> Column:
        """Lay the words of each passage out."""
        lengths = np.array([len(part) for part in parts], np.int64)
        rows = np.repeat(np.arange(len(parts), dtype=np.int64), lengths)
        starts = np.cumsum(lengths) - lengths
        flat = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        return cls(flat, rows, np.arange(len(flat), dtype=np.int64) - starts[rows], len(parts))

    def among(self, wanted: Iterable[str]) -> NDArray[np.bool_]:
        """Which words are some of these, shape (words,)."""
        asked = numbers(wanted)
        if len(asked) > FEW:
            among: NDArray[np.bool_] = np.isin(self.words, asked)
            return among
        found = np.zeros(len(self.words), bool)
        for number in asked:
            found |= self.words == number
        return found

    def where(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which passages have a chosen word, shape (passages,)."""
        result = np.zeros(self.count, bool)
        result[self.rows[chosen]] = True
        return result

    def having(self, wanted: Iterable[str]) -> NDArray[np.bool_]:
        """Which passages have one of these words, shape (passages,)."""
        return self.where(self.among(wanted))

    def first(self, chosen: NDArray[np.bool_]) -> Numbers:
        """The place of each passage's first chosen word, shape (passages,); a place behind the last where none is."""
        result = np.full(self.count, np.iinfo(np.int64).max)
        np.minimum.at(result, self.rows[chosen], self.places[chosen])
        return result


@dataclass(frozen=True, slots=True)
class Heads:
    """The folded words of a window's heads.

    Attributes:
        titles: those of each title, in their order.
        distinct: how many different ones each title has, shape (passages,).
        heads: the different words of title, brand, colour and category.
    """

    titles: Column
    distinct: Numbers
    heads: Column

    @classmethod
    def of(cls, texts: Sequence[str]) -> Heads:
        """Read the heads of passages."""
        found = [_head(text[:HEAD_CHARS]) for text in texts]
        distinct = np.array([one[1] for one in found], np.int64)
        return cls(Column.of([one[0] for one in found]), distinct, Column.of([one[2] for one in found]))


@lru_cache(maxsize=REMEMBERED)
def _head(text: str) -> tuple[Numbers, int, Numbers]:
    title = words(title_of(text))
    return numbers(title), len(set(title)), numbers(set(words(text.split(". ", 1)[0])))
