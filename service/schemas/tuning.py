"""Two systems side by side, pages that both fill, and weights of signals."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .common import Body, Index, Text

MAX_SIZE = 50


class EstimateOut(BaseModel):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


class ServedWeightsBody(Body):
    """What to add to each signal by hand, in every catalogue."""

    weights: dict[str, float] = Field(default_factory=dict, description="Signal to -10..10; see docs/page.md.")


class WeightsBody(ServedWeightsBody):
    """The same, to be tried on a catalogue's judged queries."""

    index: Index | None = None


class WeighedOut(BaseModel):
    """nDCG@10 of the judged queries under weights; ``ready`` grows while windows are gathered."""

    ready: int
    total: int
    left_out: int
    pending: int
    ndcg: EstimateOut | None = Field(None, serialization_alias="ndcg@10")
    served: EstimateOut | None = None
    difference: EstimateOut | None = None
    better: int
    worse: int
    took_ms: float
    failed: str | None = None


class SavedWeightsOut(BaseModel):
    """The weights that are served."""

    weights: dict[str, float]
    file: str


class CompareBody(Body):
    """A question to two systems."""

    query: Text
    systems: list[Text] = Field(min_length=2, max_length=2)
    index: Index | None = None
    size: int = Field(10, ge=1, le=MAX_SIZE)
    weights: dict[str, float] | None = Field(None, description="Of the system 'weighted'.")


class RivalResultOut(BaseModel):
    """A product at its place in one system's answer."""

    id: str
    rank: int
    signals: dict[str, float]
    source: dict[str, Any]
    grade: int | None = None


class RivalOut(BaseModel):
    """What one system answers; nDCG@10 where the query is judged."""

    system: str
    model: str
    degraded: str | None = None
    ndcg: float | None = Field(None, serialization_alias="ndcg@10")
    results: list[RivalResultOut]


class CompareOut(BaseModel):
    """Both answers."""

    query: str
    answers: list[RivalOut]


class DuelPageOut(BaseModel):
    """A page that two systems filled in turn; whose a result is, is not told."""

    page_id: str
    results: list[RivalResultOut]


class DuelClickBody(Body):
    """A click on such a page."""

    page_id: Text = Field(min_length=1, max_length=100)
    id: Text = Field(min_length=1, max_length=512)
    index: Index | None = None


class DuelPlace(BaseModel):
    """Which duel."""

    model_config = ConfigDict(extra="forbid")

    a: Text
    b: Text
    index: Index | None = None


class DuelOut(BaseModel):
    """How it stands: ``preference`` 0.5 is a draw, more is for ``b``; absent while no page got a click."""

    a: int
    b: int
    ties: int
    pages: int
    preference: EstimateOut | None = None


class ModelBody(Body):
    """Which model to serve."""

    name: Text


class ModelOut(BaseModel):
    """A model that may be served."""

    name: str
    served: bool
    fault: str | None = None
    made: str | None = None


class ModelsOut(BaseModel):
    """The models of this service; ``fixed`` where the served one cannot be changed from here."""

    fixed: bool
    models: list[ModelOut]
