"""Sentence patterns: ``{name}`` takes a word, ``{4-10/2}`` a number of a range (and step), ``{A4|A5}`` one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .dice import Dice

RANGE = re.compile(r"\{(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?\}")
ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
WORD = re.compile(r"\{(\w+)\}")
ARTICLE = re.compile(r"\b([Aa]) (?=[aeioAEIO]|u(?!n[ia]|s[ea]|r)|[U](?![Sns]))")


def fill_numbers(text: str, dice: Dice) -> str:
    """Replace ranges and alternatives by a value each."""

    def number(match: re.Match[str]) -> str:
        low, high, step = (float(part) if part else 1.0 for part in match.groups())
        digits = len(match[3].partition(".")[2]) if match[3] else 0
        value = low + step * dice.below(int((high - low) / step + 1e-9) + 1)
        return f"{value:.{digits}f}"

    text = RANGE.sub(number, text)
    return ALTERNATIVES.sub(lambda match: dice.one(match[1].split("|")), text)


def fill(text: str, words: Mapping[str, str], dice: Dice) -> str:
    """Fill a sentence: numbers, words, "a" before a vowel, a capital at its start.

    Raises ``KeyError`` when the sentence asks for a word that there is not.
    """
    text = fill_numbers(text, dice)
    text = WORD.sub(lambda match: words[match[1]], text)
    text = ARTICLE.sub(r"\1n ", text)
    text = " ".join(text.replace("scandinavian", "Scandinavian").split())
    return text[:1].upper() + text[1:]
