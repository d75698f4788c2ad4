"""Bodies of what a result page brings besides its results."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .common import Index
from .recommend import MAX_EXCLUDED, MAX_IDS_CHARS, RecommendationOut


class RelatedPlace(BaseModel):
    """What is asked, in the address."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=1000)
    shown: str | None = Field(
        None,
        max_length=MAX_IDS_CHARS,
        description=f"Ids of the results, best first, comma-separated, at most {MAX_EXCLUDED}.",
    )
    size: int = Field(8, ge=1, le=20)
    index: Index | None = None


class RelatedQueryOut(BaseModel):
    """A query to go on with."""

    text: str
    score: float
    reason: str


class RelatedOut(BaseModel):
    """Related queries and documents, best first. ``degraded`` names the parts that were done without."""

    queries: list[RelatedQueryOut]
    documents: list[RecommendationOut]
    took_ms: float
    degraded: str | None = None
