"""Words of a text, folded far enough to see whether two texts name the same thing."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[\w']+")


def words(text: str) -> list[str]:
    """Lower-case words without accents, plural endings folded; enough to see whether a word stands in a title."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [_singular(word.replace("'", "")) for word in _WORD.findall(plain)]


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
