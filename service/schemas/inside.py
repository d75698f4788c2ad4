"""What OpenSearch's own pipeline asks: clauses for a query, and the order of a window."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from .common import Body, Text
from .search import QUERY_ID_PATTERN

MAX_HITS = 10_000
QueryId = Annotated[str, Field(pattern=QUERY_ID_PATTERN)]


class PluginQueryBody(Body):
    """An ordinary query, as OpenSearch writes it back."""

    index: Text = Field(description="The one index that is searched, by its own name, not by an alias.")
    query: dict[str, Any] | None = None
    post_filter: dict[str, Any] | None = None
    from_: int = Field(0, ge=0, le=MAX_HITS, alias="from")
    size: int = Field(10, ge=1, le=MAX_HITS)
    text: Text | None = Field(None, description="What was typed, where the query alone does not say it.")
    query_id: QueryId | None = Field(None, description="Of an earlier page, whose order is replayed.")


class PluginQueryOut(BaseModel):
    """What to put in place of the query, or why it stays as it is."""

    rewrite: bool
    reason: str | None = Field(None, description="Why the query stays as it is.")
    ticket: str | None = Field(None, description="Goes back with the window; absent where nothing is to be ranked.")
    body: dict[str, Any] | None = Field(None, description="query, post_filter, sort, from, size and _source.")
    search_type: str | None = None
    stock: str | None = Field(None, description="Name of the clause whose score is the order without hybridrank.")
    names: list[str] | None = Field(None, description="Names of clauses that the caller did not send.")
    scores: list[str] | None = Field(None, description="Names of the clauses whose scores go back with the window.")
    window: int | None = Field(None, description="How many hits, from the first, are to be ranked.")
    not_read: list[str] | None = Field(None, description="Fields that need not come back with the window.")
    text_chars: int | None = Field(None, description="How much of each text of a product is read.")


class PluginHitBody(Body):
    """One hit of the window."""

    id: Text = Field(min_length=1, max_length=512)
    scores: dict[str, float] = Field(default_factory=dict, max_length=64)
    source: dict[str, Any] = Field(default_factory=dict)


class PluginRankBody(Body):
    """A window in the engine's order, with the ticket that came with its query."""

    ticket: Text = Field(max_length=100_000)
    from_: int = Field(0, ge=0, le=MAX_HITS, alias="from")
    size: int = Field(10, ge=1, le=MAX_HITS)
    hits: list[PluginHitBody] = Field(max_length=MAX_HITS)
    query_id: QueryId | None = Field(None, description="Of an earlier page, whose order is replayed.")
    fresh_id: QueryId | None = Field(None, description="The name that a first page is to have.")
    signals: bool = Field(False, description="Whether to answer each hit's signals.")


class PlacedOut(BaseModel):
    """One hit of the wanted page: its place in the list that was sent, from 0, and its score."""

    hit: int
    score: float
    signals: dict[str, float] | None = None


class PluginDocumentsBody(Body):
    """Documents on their way into a catalogue."""

    index: Text = Field(description="Where they go: the catalogue, or its index by its own name.")
    products: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


class PluginDocumentsOut(BaseModel):
    """What to add to each document, in the order given: dotted field to value; nothing where there is no text."""

    documents: list[dict[str, Any]]


class PluginRankOut(BaseModel):
    """The wanted page."""

    query_id: str
    model: str
    degraded: str | None = None
    places: int = Field(description="How many places the whole order has.")
    replayed: bool | None = Field(None, description="True where it is the order of an earlier page.")
    gone: int = Field(description="How many products of this page are no longer found.")
    page: list[PlacedOut]
