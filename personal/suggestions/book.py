"""A book of suggestions in memory: found by the beginning of any of their words, also when mistyped.

Every suggestion stands in a sorted list once for each of its words, as the rest of its text from there on; what begins
with the typed text is then one range of that list (a suffix array over words: Manber and Myers, "Suffix Arrays", 1990).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .text import joined, tokens
from .typos import Speller

Kind = Literal["query", "brand", "category", "phrase"]
Match = Literal["prefix", "word", "words", "spelling"]

MATCH_VALUE: dict[str, float] = {"prefix": 0.3, "word": 0.0, "words": -0.05, "spelling": -0.3}
"""What it adds to a suggestion's standing how it was found."""
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to suggest.

    Attributes:
        text: as it is shown.
        key: as it is matched; see :func:`personal.suggestions.text.key`.
        kind: where it comes from.
        standing: 0..1, how good it is for anybody.
        facets: brand, colour, department and kind that most of its products share, as a product has them.
    """

    text: str
    key: str
    kind: Kind
    standing: float
    facets: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """A suggestion that fits what was typed, and how."""

    entry: Entry
    match: Match

    @property
    def value(self) -> float:
        """Its standing for anybody, and how it was found."""
        return self.entry.standing + MATCH_VALUE[self.match]


class Book:
    """Suggestions of one catalogue. Immutable, thread-safe."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        rests: list[tuple[str, int, bool]] = []
        words: set[str] = set()
        for number, entry in enumerate(self._entries):
            parts = tokens(entry.text)
            words.update(parts)
            rests += [(joined(parts[place:]), number, place == 0) for place in range(len(parts))]
        rests.sort()
        self._rests = [rest for rest, _, _ in rests]
        self._owners = np.array([owner for _, owner, _ in rests], np.int32)
        self._first = np.array([first for _, _, first in rests], np.bool_)
        self._standing = np.array([entry.standing for entry in self._entries], np.float32)
        self._speller = Speller(words)
        # Whole suggestions' beginnings: a slip may lie at the blank between two words.
        self._starts = Speller(entry.key for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, typed: str, limit: int) -> list[Hit]:
        """What fits the typed text, best first.

        Args:
            typed: as :func:`personal.suggestions.text.typed_key` makes it; ``""`` fits everything.
            limit: most hits.

        Returns:
            Those that begin with it or have a word from which on they do; when there are few, those with all its words
            in any order; when there are few still, those that it is a misspelling of.
        """
        found: dict[int, Match] = {}
        self._range_hits(typed, limit, found)
        if len(found) < limit:
            self._word_hits(typed.split(), limit, found, "words")
        if len(found) < limit and len(typed) > 3:
            self._near_hits(typed, limit, found)
        if not found:
            for other in self._speller.corrections(typed):
                self._range_hits(other, limit, found, "spelling")
                self._word_hits(other.split(), limit, found, "spelling")
        hits = [Hit(self._entries[number], match) for number, match in found.items()]
        hits.sort(key=lambda hit: (-hit.value, hit.entry.key))
        return hits[:limit]

    def _range_hits(self, typed: str, limit: int, found: dict[int, Match], match: Match | None = None) -> None:
        low, high = self._range(typed)
        if low == high:
            return
        owners, first = self._owners[low:high], self._first[low:high]
        value = self._standing[owners] + np.where(first, MATCH_VALUE["prefix"], MATCH_VALUE["word"])
        wanted = 2 * limit  # one suggestion may stand in the range several times
        best = np.argpartition(-value, wanted)[:wanted] if len(value) > wanted else np.arange(len(value))
        for place in best[np.lexsort((owners[best], -value[best]))]:
            owner = int(owners[place])
            if owner not in found and len(found) < limit:
                found[owner] = match or ("prefix" if first[place] else "word")

    def _near_hits(self, typed: str, limit: int, found: dict[int, Match]) -> None:
        """Those whose beginning is a slip away, the best standing first."""
        near: set[int] = set()
        for other in self._starts.beginnings_near(typed):
            low, high = self._range(other)
            near.update(self._owners[low:high][self._first[low:high]].tolist())
        for owner in sorted(near, key=lambda owner: (-self._standing[owner], owner)):
            if owner not in found and len(found) < limit:
                found[owner] = "spelling"

    def _word_hits(self, words: Sequence[str], limit: int, found: dict[int, Match], match: Match) -> None:
        if len(words) < 2:
            return
        common: NDArray[np.int32] | None = None
        for word in words:
            low, high = self._range(word)
            owners = np.unique(self._owners[low:high])
            common = owners if common is None else np.intersect1d(common, owners, assume_unique=True)
            if not len(common):
                return
        if common is None:
            return
        for owner in common[np.argsort(-self._standing[common], kind="stable")][:limit].tolist():
            if owner not in found and len(found) < limit:
                found[owner] = match

    def _range(self, typed: str) -> tuple[int, int]:
        return bisect_left(self._rests, typed), bisect_left(self._rests, typed + _LAST)
