"""The languages of the page: one file of messages each, and which of them a browser gets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Request

FOLDER = Path(__file__).parent / "page" / "messages"
LANGUAGES = ("en", "zh")
"""The first is what one gets who asks for none of them."""
COOKIE = "hybridrank_language"


@cache
def messages(language: str) -> dict[str, str]:
    """Every message of a language by its key."""
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return found


def language_of(request: Request) -> str:
    """``?lang=`` wins, then the cookie that it left, then what the browser accepts."""
    for given in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if given in LANGUAGES:
            return given
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
