"""Words of a text, folded far enough to see whether two texts name the same thing."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[\w']+")
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)")
"""Runs of Chinese characters and Japanese syllables, which no spaces divide into words."""


def words(text: str) -> list[str]:
    """Lower-case words without accents, plural endings folded; enough to see whether a word stands in a title.

    What is written without spaces comes as overlapping pairs of characters, as the engine's ``cjk`` analysis has it.
    """
    if text.isascii():  # nothing to fold, and most texts are
        return [_singular(word.replace("'", "")) for word in _WORD.findall(text.lower())]
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [part for word in _WORD.findall(plain) for part in _parts(word.replace("'", ""))]


def _parts(word: str) -> list[str]:
    if not _UNSPACED.search(word):
        return [_singular(word)]
    parts: list[str] = []
    for run in filter(None, _UNSPACED.split(word)):
        unspaced = _UNSPACED.fullmatch(run) is not None and len(run) > 1
        parts += [run[at : at + 2] for at in range(len(run) - 1)] if unspaced else [run]
    return parts


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
