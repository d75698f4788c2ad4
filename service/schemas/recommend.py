"""Bodies of recommendations."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from personal.recommend import Language

from .common import Index

MAX_RECOMMENDATIONS = 50
MAX_EXCLUDED = 200
MAX_IDS_CHARS = 8000
"""Of a list of ids in an address, whose line has 8190 characters at most."""


class RecommendPlace(BaseModel):
    """What is asked, in the address. Everything is text there, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid")

    item: str | None = Field(None, min_length=1, max_length=512, description="Id of the item that is looked at.")
    size: int = Field(8, ge=1, le=MAX_RECOMMENDATIONS)
    index: Index | None = None
    diversity: float = Field(0.2, ge=0.0, le=1.0, description="0: by score alone; 1: as different as can be.")
    exclude: str | None = Field(
        None,
        max_length=MAX_IDS_CHARS,
        description=f"Ids of what is on the page, comma-separated, at most {MAX_EXCLUDED}.",
    )
    social: bool = Field(False, description="Let what friends share count.")
    language: Language = Field("en", description="Of the reasons: en or zh.")


class RecommendationOut(BaseModel):
    """One recommended item. A name that is missing from ``signals`` is not known, which is not 0."""

    id: str
    score: float
    reason: str
    signals: dict[str, float]
    source: dict[str, Any]


class RecommendOut(BaseModel):
    """Recommendations, best first. ``degraded`` names the parts that they had to do without."""

    recommendations: list[RecommendationOut]
    took_ms: float
    degraded: str | None = None
