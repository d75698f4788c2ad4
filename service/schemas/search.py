"""A search and its answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from plugin.facets import Facet

from .common import Body, Index, Text

QUERY_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
MAX_SIZE = 100
MAX_WINDOW = 10_000


class SearchBody(Body):
    """A search. Without ``query`` and ``image`` it is browsing: every product that the filters let through."""

    query: Text | None = None
    image: Text | None = Field(
        None,
        min_length=1,
        description="A picture as a data URI or base64 (JPEG, PNG, WebP, GIF, AVIF); alone, or with words.",
    )
    index: Index | None = None
    size: int = Field(20, ge=0, le=MAX_SIZE)
    from_: int = Field(0, ge=0, le=MAX_WINDOW, alias="from")
    sort: Text | None = Field(
        None, description="FIELD:asc or FIELD:desc with price, rating or rating_count; absent: by relevance."
    )
    facets: list[Text] | None = Field(None, max_length=16, description="Fields to count values of.")
    filters: dict[str, Any] | None = Field(
        None, max_length=32, description="field: value, or [any of], or {gte, gt, lte, lt}; ANDed."
    )
    query_id: str | None = Field(
        None, pattern=QUERY_ID_PATTERN, description="Of the first page, to get the same order on a later one."
    )
    explain: bool = Field(
        False,
        description="Adds to results what is known anyway: pinned or moved by the shop, personal, what was lacking; in "
        "English, or in Chinese where Accept-Language prefers it. POST /v1/explain tells more.",
    )


class ResultOut(BaseModel):
    """One product of an answer. A name that is missing from ``signals`` is not known, which is not 0."""

    id: str
    rank: int
    score: float
    signals: dict[str, float]
    source: dict[str, Any]
    moment: float | None = Field(None, description="Second of the product's clip that fits the query best.")
    clip: str | None = Field(None, description="Which of the product's clips that is.")
    pinned: bool | None = Field(None, description="True where merchandising put the product at this place.")
    why: list[str] | None = Field(None, description="Sentences for a shopper, where the search asked for them.")


class FacetValueOut(BaseModel):
    """One value of a facet and how many products have it."""

    value: str | bool
    count: int
    low: float | None = Field(None, description="Of a price range, inside it.")
    high: float | None = Field(None, description="Of a price range, outside it.")


class FacetOut(BaseModel):
    """How the matches spread over one field; ``other`` counts those whose value is not listed."""

    values: list[FacetValueOut]
    other: int
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, facet: Facet) -> FacetOut:
        """A facet in the form of an answer."""
        values = [FacetValueOut(value=v.value, count=v.count, low=v.low, high=v.high) for v in facet.values]
        return cls(values=values, other=facet.other, minimum=facet.minimum, maximum=facet.maximum)


class SearchOut(BaseModel):
    """The answer to a search."""

    query_id: str
    took_ms: float
    total: int
    did_you_mean: str | None = None
    facets: dict[str, FacetOut] | None = None
    degraded: str | None = None
    experiment: str | None = Field(None, description="The experiment whose two rankings filled this order in turn.")
    results: list[ResultOut]
