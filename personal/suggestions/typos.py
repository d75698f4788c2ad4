"""Misspelt words while one types: what known words begin like them, within one or two slips."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from .text import is_cjk

SHORTEST = 3
"""A shorter word may be the beginning of anything."""
TWO_SLIPS_FROM = 6
TWO_SLIPS_IN_A_TEXT_FROM = 8
_MOST_WORDS = 3
_MOST_BEGINNINGS = 50
_MOST_TEXTS = 4


class Speller:
    """Knows the words of a book. Immutable, thread-safe."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words)
        self._whole = frozenset(self._words)
        # Words share their beginnings, so that there are far fewer beginnings of one length than words.
        self._beginnings = lru_cache(maxsize=64)(self._beginnings_of)

    def corrections(self, typed: str) -> list[str]:
        """Other texts that the typed one may be meant for, the nearest first; its last word may be unfinished."""
        words = typed.split()
        if not words or any(is_cjk(word) for word in words):
            return []
        finished = typed.endswith(" ")
        texts: list[tuple[int, str]] = [(0, "")]
        for place, word in enumerate(words):
            whole = finished or place < len(words) - 1
            near = self.near(word, whole=whole)
            texts = sorted((slips + more, f"{text} {other}".strip()) for slips, text in texts for more, other in near)
            texts = texts[:_MOST_TEXTS]
        return [text for slips, text in texts if slips]

    def beginnings_near(self, typed: str) -> list[str]:
        """Beginnings within one slip of a text, two from eight letters on; the first letter is taken as right."""
        if not typed or any(is_cjk(char) for char in typed):
            return []
        slips = 2 if len(typed) >= TWO_SLIPS_IN_A_TEXT_FROM else 1
        found: list[str] = []
        for length in range(len(typed) - 1, len(typed) + 2):
            choices = _with_first(typed[0], self._beginnings(length, False))
            best = process.extract(typed, choices, scorer=OSA.distance, score_cutoff=slips, limit=_MOST_BEGINNINGS)
            found += [other for other, _, _ in best]
        return found

    def near(self, word: str, *, whole: bool) -> list[tuple[int, str]]:
        """(slips, beginning or word) near a word: insertions, deletions, replacements and swaps of neighbours.

        Args:
            word: folded.
            whole: whether it is a whole word; else the beginning of one.
        """
        known = word in self._whole if whole else self._begins(word)
        if known or len(word) < SHORTEST:
            return [(0, word)]
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        found: dict[str, int] = {}
        for length in range(len(word) - 1, len(word) + 2):
            choices = self._beginnings(length, whole)
            best = process.extract(word, choices, scorer=OSA.distance, score_cutoff=slips, limit=_MOST_WORDS)
            for other, distance, _ in best:
                # A wrong first letter is rare, so it counts as one slip more.
                found[other] = int(distance) + (other[:1] != word[:1])
        near = sorted((distance, other) for other, distance in found.items())[:_MOST_WORDS]
        return near or [(0, word)]

    def _begins(self, word: str) -> bool:
        place = bisect_left(self._words, word)
        return place < len(self._words) and self._words[place].startswith(word)

    def _beginnings_of(self, length: int, whole: bool) -> list[str]:
        if whole:
            return [word for word in self._words if len(word) == length]
        return sorted({word[:length] for word in self._words if len(word) >= length})


def _with_first(letter: str, texts: list[str]) -> list[str]:
    """Of sorted texts those that begin with a letter."""
    low, high = bisect_left(texts, letter), bisect_left(texts, chr(min(ord(letter) + 1, 0x10FFFF)))
    return texts[low:high]
