"""Whom the page's visitor can be, in demo mode."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .common import Body, Text

SHOPPERS = ("Ada", "Ben", "Chloe", "Dev")


class ShopperBody(Body):
    """Whom to be."""

    name: Text = Field(description=f"One of {', '.join(SHOPPERS)}.")


class ShoppersOut(BaseModel):
    """Whom one can be, and who one is; ``current`` is missing for nobody."""

    shoppers: list[str]
    current: str | None = None
