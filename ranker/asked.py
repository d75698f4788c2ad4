"""What a query asks for and what it refuses: 'desk chair without wheels' wants a desk chair, and refuses wheels.

Neither BM25 nor a bi-encoder reads 'without': both find the chairs with the most wheels. So the refused words are cut
out of what the engine searches for, and a passage that names them is marked down by the head.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .heads import Column, Numbers, numbers
from .words import words

_REFUSES = re.compile(r"(?<![\w'])(?:without|w/o|ohne)(?![\w'])", re.IGNORECASE)
"""'no' and 'not' stand in too many titles, 'sin' and 'sans' in too many English ones, to be read as a refusal."""
_RESUMES = frozenset({"with", "for", "in", "on", "and", "but", "that", "which", "by", "mit", "für", "und", "aber"})
"""A word that ends the refused part: 'lights without wiring with switch'."""
_EITHER = re.compile(r"(?<![\w'])(?:(?:with|mit)\s*(?:or|oder|and|und|/|&)|not)\s*$", re.IGNORECASE)
"""Before a refusing word it takes the refusal back: 'with or without lid' wants both, 'Not Without My Daughter' is a
name."""
UNSOLD = frozenset(
    {"prejudice", "fear", "pain", "tear", "regret", "remorse", "mercy", "shame", "guilt", "doubt", "hope", "hate"}
    | {"sorrow", "worry", "anger", "faith", "god", "reason", "purpose", "frontier", "consent", "apology", "permission"}
    | {"grenzen", "ende", "angst", "furcht", "reue", "gnade", "schuld", "vorurteile"}
)
"""What no product has, so that nobody refuses it: behind 'without' it belongs to the name of a book, a song, a film or
a print ('Listen Without Prejudice', 'Spelling Without Tears'). Folded as by :func:`ranker.words.words`. Words that also
begin the name of a part (end cap, money clip, boundary wire) are none of them."""
PRONOUNS = frozenset(
    {"me", "you", "him", "her", "them", "my", "your", "our", "their", "his", "yours", "mine", "ours", "theirs"}
    | {"mich", "dich", "euch", "sie"}
)
"""Anywhere in what follows, they say the same: 'Not Summer Without You', 'without losing yours'."""
LONGEST = 4
"""Words that one refusal reaches at most."""
DENIALS = frozenset(
    {"without", "no", "non", "not", "free", "less", "zero", "minus", "removable", "detachable", "exclude", "excluded"}
    | {"ohne", "kein", "keine", "sold"}
)
"""A refused word with one of these beside it is denied by the passage, not offered."""
_BEFORE, _AFTER = 3, 1
LONG = 2000
"""Characters beyond which a text is no product's and its words are not remembered."""
REMEMBERED = 4000
"""Texts whose words are remembered, 1 to 8 KB each; only those that hold a word that somebody refused are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, read.

    Attributes:
        wanted: what to search for; the whole query where it refuses nothing.
        refused: folded words that are not wanted.
    """

    wanted: str
    refused: tuple[str, ...] = ()


def read(query: str) -> Asked:
    """Split a query into what it wants and what it refuses.

    A query is taken as it is where it wants nothing else, where it wants a thing with or without, and where what it
    seems to refuse is :data:`UNSOLD` or speaks of somebody.
    """
    found = _REFUSES.search(query)
    if found is None or not words(query[: found.start()]) or _EITHER.search(query[: found.start()]):
        return Asked(query)
    rest = query[found.end() :].split()
    end = 0
    while end < min(len(rest), LONGEST) and rest[end].lower() not in _RESUMES:
        end += 1
    refused = tuple(words(" ".join(rest[:end])))
    if not refused or refused[0] in UNSOLD or not PRONOUNS.isdisjoint(refused):
        return Asked(query)
    return Asked(" ".join([*query[: found.start()].split(), *rest[end:]]), refused)


def refusals(asked: Asked, texts: Sequence[str]) -> NDArray[np.float64]:
    """What each text says about what is refused.

    Returns:
        shape ``(len(texts), 2)`` of 0 or 1: it offers a refused word; it denies one ('without wheels', 'wheelless').
    """
    result = np.zeros((len(texts), 2))
    if not asked.refused:
        return result
    stems = [word.removesuffix("y") for word in asked.refused]
    rows = [row for row, text in enumerate(texts) if not text.isascii() or _holds(text, stems)]
    column = Column.of([_numbers(texts[row]) for row in rows])
    named, suffixed = column.among(asked.refused), column.among(f"{word}less" for word in asked.refused)
    denies, denied = column.among(DENIALS), np.zeros(len(column.words), bool)
    for away in (*range(-_BEFORE, 0), *range(1, _AFTER + 1)):
        start, end = max(0, -away), len(denied) - max(0, away)
        if end <= start:
            continue
        beside = slice(start + away, end + away)
        denied[start:end] |= denies[beside] & (column.rows[beside] == column.rows[start:end])
    result[rows, 0] = column.where(named & ~suffixed & ~denied)
    result[rows, 1] = column.where(suffixed | (named & denied))
    return result


def _numbers(text: str) -> Numbers:
    return _remembered(text) if len(text) <= LONG else numbers(words(text))


@lru_cache(maxsize=REMEMBERED)
def _remembered(text: str) -> Numbers:
    """The latest are remembered, for the same products are found again and again."""
    return numbers(words(text))


def _holds(text: str, stems: Sequence[str]) -> bool:
    """Whether a text of plain letters holds one of these, so that folding its words can find what was refused: a
    plural ends in "s", or in "ies" where the word ends in "y"."""
    plain = text.lower().replace("'", "")
    return any(stem in plain for stem in stems)
