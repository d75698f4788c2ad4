"""How a model becomes an answer, and the checks that several endpoints share."""

from __future__ import annotations

from flask import Response, current_app
from pydantic import BaseModel

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
