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
    plain = text.lower()
    if not plain.isascii():  # most texts are, and then there is nothing to fold
        plain = unicodedata.normalize("NFKD", plain)
        if marks := {ord(char) for char in set(plain) if unicodedata.combining(char)}:
            plain = plain.translate(dict.fromkeys(marks))
        if _UNSPACED.search(plain):
            return [part for word in _WORD.findall(plain) for part in _parts(word.replace("'", ""))]
    return [_singular(word.replace("'", "")) for word in _WORD.findall(plain)]


def _parts(word: str) -> list[str]:
    if not _UNSPACED.search(word):
        return [_singular(word)]
    parts: list[str] = []
    for run in filter(None, _UNSPACED.split(word)):
        unspaced = _UNSPACED.fullmatch(run) is not None and len(run) > 1
        parts += [run[at : at + 2] for at in range(len(run) - 1)] if unspaced else [run]
    return parts


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word if word.endswith(("ss", "us", "is")) else word[:-1]
