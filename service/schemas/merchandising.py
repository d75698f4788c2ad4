"""Merchandising rules."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .common import Body, Index, Text


class PinOut(BaseModel):
    """A product and the place that it is pinned to, from 1."""

    id: str
    place: int


class PinBody(Body):
    """A product and the place that it is pinned to, from 1."""

    id: Text
    place: int


class RulePlace(BaseModel):
    """Which rule: of a catalogue, and of a query."""

    model_config = ConfigDict(extra="forbid")

    index: Index | None = None
    query: Text | None = Field(None, description="'*' is every query.")


class RuleBody(Body):
    """What to pin, hide and boost for a query; '*' is every query."""

    index: Index | None = None
    query: Text
    pinned: list[Text | PinBody] | None = Field(None, description="Ids, placed from the top; or with their places.")
    hidden: list[Text] | None = None
    boosts: dict[str, float] | None = Field(None, description="Product id to what is added to its score, -1 to 1.")


class RuleOut(BaseModel):
    """A rule as it is kept."""

    query: str
    pinned: list[PinOut]
    hidden: list[str]
    boosts: dict[str, float]


class RulesOut(BaseModel):
    """Rules."""

    rules: list[RuleOut]
