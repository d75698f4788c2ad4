"""Did you mean: the catalogue's own words for a query that it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "did_you_mean"
MAX_CHARS = 200
_WORDS = "hybridrank.spelling"
WITHOUT_SPELLING = frozenset({"zh"})
"""Languages without spaces between words: a wrong character there is another word, not a misspelt one."""


def suggester(text: str) -> dict[str, Any]:
    """The ``suggest`` part of a request; the user's text stands in its ``text`` leaf only.

    The engine itself tries what it would suggest (``collate``): a suggestion whose words no product has together is
    not made.
    """
    return {
        NAME: {
            "text": text,
            "phrase": {
                "field": f"{_WORDS}.shingles",
                "size": 1,
                "max_errors": 3,
                "confidence": 1.0,
                "real_word_error_likelihood": 0.98,
                "gram_size": 3,
                "direct_generator": [
                    {"field": _WORDS, "suggest_mode": "missing", "min_word_length": 4, "prefix_length": 1, "size": 10}
                ],
                "collate": {
                    "query": {"source": {"match": {_WORDS: {"query": "{{suggestion}}", "operator": "and"}}}},
                    "prune": False,
                },
            },
        }
    }


def read_suggestion(answer: Mapping[str, Any], text: str) -> str | None:
    """The best suggestion of an answer, or ``None`` when there is none or it says what was typed."""
    for entry in answer.get("suggest", {}).get(NAME, []):
        options = entry.get("options", [])
        if options:
            best = str(options[0]["text"])
            return None if best.casefold() == " ".join(text.split()).casefold() else best
    return None
