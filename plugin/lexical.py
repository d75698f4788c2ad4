"""The lexical clause: what BM25 reads of a query."""

from __future__ import annotations

import re
from typing import Any

NAME = "bm25"

FIELDS = ("title^3", "brand^2", "color", "category", "description")
"""Read as one field, so that 'makita drill' may find the brand in one field and the thing in another."""

MAX_TOKENS = 150
"""Words of a query that BM25 reads. The engine's limit is 1,024 clauses, a word in a field is one."""

# A run of letters and digits is a word; a character of a script without spaces is a word of its own.
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff]|[^\W_]+|_+")


def lexical_clause(text: str) -> dict[str, Any]:
    """The clause named ``bm25``; the user's text stands in ``query`` leaves of match queries and nowhere else.

    Any word may match; the words together as a phrase of the title count on top. Measured on the 95 ESCI queries:
    nDCG@10 0.695 beside 0.667 of a plain ``multi_match`` over ``title^2`` and ``description``.
    """
    read = readable(text)
    return {
        "bool": {
            "should": [
                {"multi_match": {"query": read, "fields": list(FIELDS), "type": "cross_fields", "tie_breaker": 0.3}},
                {"match_phrase": {"title": {"query": read, "slop": 1, "boost": 2.0}}},
            ],
            "minimum_should_match": 1,
            "_name": NAME,
        }
    }


def clauses_of(text: str) -> int:
    """How many clauses the engine makes of :func:`lexical_clause`: a word in a field is one, and so is the phrase."""
    return len(FIELDS) * len(_WORD.findall(readable(text))) + 1


def readable(text: str) -> str:
    """The text up to its 150th word; what a query has beyond that the vectors still see."""
    for count, match in enumerate(_WORD.finditer(text)):
        if count == MAX_TOKENS:
            return text[: match.start()]
    return text
