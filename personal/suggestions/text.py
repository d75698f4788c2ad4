"""How texts are compared while one types: without case, width, accents and punctuation; words, or CJK characters."""

from __future__ import annotations

import re
import unicodedata

_CJK = (
    "\u2e80-\u2fff\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_ONE_CJK = re.compile(rf"[{_CJK}]")
_JOINERS = re.compile(r"['’`´]")


def folded(text: str) -> str:
    """Compatibility forms, lower case, no accents, apostrophes left out."""
    bare = _JOINERS.sub("", text)
    if bare.isascii():
        return bare.lower()  # as below, and most of what is typed
    plain = unicodedata.normalize("NFKD", bare).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """The words of a text, folded; of a script without spaces each character."""
    return _TOKEN.findall(folded(text))


def joined(words: list[str]) -> str:
    """Words as one text: a space between two of them unless both are CJK characters."""
    text = ""
    for word in words:
        glued = bool(text) and is_cjk(word) and is_cjk(text[-1])
        text += word if not text or glued else f" {word}"
    return text


def key(text: str) -> str:
    """The form in which two suggestions are the same, and which is matched while one types."""
    return joined(tokens(text))


def typed_key(text: str) -> str:
    """:func:`key` of what was typed so far: a blank at its end stays, for it ends a word."""
    found = key(text)
    ended = text[-1:].isspace() and found and not is_cjk(found[-1])
    return f"{found} " if ended else found


def is_cjk(token: str) -> bool:
    """Whether a token is a character of a script without spaces."""
    return not token.isascii() and _ONE_CJK.fullmatch(token) is not None
