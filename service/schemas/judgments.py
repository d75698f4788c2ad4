"""Judgments."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .common import Body, Index, Text


class GradeBody(Body):
    """A product and its grade."""

    id: Text
    grade: int | None = Field(None, ge=0, le=3, description="0 (wrong) to 3 (just right); null takes it back.")


class JudgmentsBody(Body):
    """Grades of products for one query."""

    index: Index | None = None
    query: Text
    judgments: list[GradeBody] = Field(min_length=1, max_length=1000)


class JudgedPlace(BaseModel):
    """Whose judgments: of a catalogue, and of a query."""

    model_config = ConfigDict(extra="forbid")

    index: Index | None = None
    query: Text | None = None


class GradeOut(BaseModel):
    """A product and its grade."""

    id: str
    grade: int


class JudgmentsOut(BaseModel):
    """What was judged for one query."""

    query_id: str
    query: str
    judgments: list[GradeOut]


class JudgedQueryOut(BaseModel):
    """A judged query: how many products were judged, and how many of them above 0."""

    query_id: str
    query: str
    judged: int
    relevant: int


class JudgedOut(BaseModel):
    """Either the judgments of the query that was named, or every judged query."""

    query_id: str | None = None
    query: str | None = None
    judgments: list[GradeOut] | None = None
    queries: list[JudgedQueryOut] | None = None
