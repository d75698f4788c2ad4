"""Bodies of the social graph."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from .common import Body

MAX_EDGES = 1000


class GraphBody(Body):
    """Friendships by the shop's own names of people, as pairs; the order of the two means nothing."""

    edges: list[Any] = Field(default_factory=list, max_length=MAX_EDGES, description='Pairs: [["anna", "ben"], ...].')
    remove: list[Any] = Field(default_factory=list, max_length=MAX_EDGES, description="Pairs that are no longer.")


class EdgeRejectedOut(BaseModel):
    """A pair that was refused: in which list, its place there from 0, and why."""

    field: str
    index: int
    reason: str


class GraphOut(BaseModel):
    """``accepted`` pairs are as they were asked to be, now or before."""

    accepted: int
    rejected: list[EdgeRejectedOut]


class SharingOut(BaseModel):
    """Whether the person shares what they do with friends."""

    sharing: bool
