"""How a model becomes an answer, and the checks that several endpoints share."""

from __future__ import annotations

from flask import Response, current_app
from pydantic import BaseModel

from plugin.catalogue import lookup

from ..app import parts
from ..problems import invalid


def answer(model: BaseModel, status: int = 200) -> Response:
    """Write a model as JSON; what is ``None`` is left out."""
    text = model.model_dump_json(exclude_none=True, by_alias=True)
    return current_app.response_class(text + "\n", status=status, content_type="application/json")


def check_text(field: str, text: str, limit: int) -> None:
    """Refuse a text that is too long.

    Raises:
        Problem: longer than ``limit`` characters.
    """
    if len(text) > limit:
        raise invalid(field, f"at most {limit} characters, got {len(text)}")


def check_count(field: str, count: int, limit: int) -> None:
    """Refuse a list that is too long.

    Raises:
        Problem: longer than ``limit``.
    """
    if count > limit:
        raise invalid(field, f"at most {limit} items, got {count}")


def existing_catalogue(given: str | None) -> str:
    """The name of the catalogue that is meant: the one given, or the default one.

    Raises:
        UnknownCatalogue: the engine has none of that name.
        InvalidQuery: it cannot be the name of a catalogue.
    """
    here = parts()
    name = given or here.settings.index
    lookup(here.engine, name)
    return name
