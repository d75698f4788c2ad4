"""Why something stands where it does: what is asked and what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from .common import Body, Index, Text
from .search import QUERY_ID_PATTERN

Language = Literal["en", "zh"]
MAX_PASSES = 200


class ExplainBody(Body):
    """What is to be explained: one result of a search, one recommendation or one suggestion, for the same caller."""

    id: Text = Field(min_length=1, max_length=512, description="Of the product; of a suggestion its text.")
    kind: Literal["search", "recommend", "suggest"] = "search"
    query: Text | None = Field(None, description="As it was searched; of a suggestion what was typed so far.")
    image: Text | None = Field(None, min_length=1, description="The picture that was searched by.")
    index: Index | None = None
    filters: dict[str, Any] | None = Field(None, max_length=32, description="Those of the search.")
    query_id: str | None = Field(
        None, pattern=QUERY_ID_PATTERN, description="Of the search: says what has moved since."
    )
    item: Text | None = Field(
        None, min_length=1, max_length=512, description="Of a recommendation: the product that was looked at."
    )
    social: bool = Field(False, description="Of a recommendation: what friends share counted.")
    language: Language = Field("en", description="Of the sentences and labels.")
    passes: int = Field(64, ge=0, le=MAX_PASSES, description="Readings for the contributions of words; 0: none.")
    limit_ms: int = Field(
        400, ge=50, le=60_000, description="Words and changes are sought no longer than that; what was found is given."
    )


class ContributionOut(BaseModel):
    """What one signal or rule adds, in the unit of the answer."""

    name: str
    label: str
    value: float
    signal: float | None = Field(None, description="The raw signal, where there is one.")


class WordOut(BaseModel):
    """What one word adds. Leaving it out and averaging over the others gives its contribution."""

    text: str
    start: int = Field(description="Its first character in the query or the title.")
    end: int
    value: float
    error: float | None = Field(None, description="Standard error; absent where only one order of words was tried.")


class WordsOut(BaseModel):
    """Contributions of words in logits; with ``base`` they add up to the value before rules that follow the head."""

    base: float
    passes: int
    query: list[WordOut]
    title: list[WordOut]
    query_text: str = Field(
        description="What `query` counts its characters in; of a recommendation the viewed product's text."
    )
    title_text: str


class ChangeOut(BaseModel):
    """One change that swaps the two, found by ranking again."""

    kind: Literal["clicks", "price", "without"]
    amount: float | None = Field(None, description="More clicks, or what the price falls by.")
    word: str | None = Field(None, description="Of the query, left out.")
    text: str


class SwapOut(BaseModel):
    """The smallest changes by which ``id`` would pass ``passes``, its neighbour."""

    id: str
    passes: str
    changes: list[ChangeOut]
    complete: bool = Field(description="False where the time was up before everything was tried.")


class ExplainOut(BaseModel):
    """Why. ``base`` and the contributions add up to ``value``; of logits, ``score`` is the sigmoid of it, and what
    merchandising adds comes on top: ``shown_score``."""

    id: str
    kind: Literal["search", "recommend", "suggest"]
    rank: int | None = Field(None, description="The place as it is, from 1.")
    shown_rank: int | None = Field(None, description="The place under the query_id that was given.")
    unit: Literal["logit", "score"] | None = None
    base: float | None = None
    value: float | None = None
    score: float | None = None
    shown_score: float | None = None
    read: bool | None = Field(None, description="Whether the cross-encoder read its text.")
    model: str | None = None
    degraded: str | None = None
    why: list[str] = Field(description="Sentences for a shopper.")
    contributions: list[ContributionOut]
    words: WordsOut | None = None
    swap: SwapOut | None = None
    took_ms: float
