"""Bodies of suggestions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .common import Index

MAX_SUGGESTIONS = 50


class SuggestPlace(BaseModel):
    """What is asked, in the address. Everything is text there, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", description="The text so far; empty: what is popular, and what the visitor did before.")
    size: int = Field(10, ge=1, le=MAX_SUGGESTIONS)
    index: Index | None = None


class SuggestionOut(BaseModel):
    """One suggestion; ``score`` is 0..1 and comparable within one answer only."""

    text: str
    score: float
    reason: str


class SuggestOut(BaseModel):
    """Suggestions, best first. ``degraded`` names the part that they had to do without."""

    suggestions: list[SuggestionOut]
    degraded: str | None = None
