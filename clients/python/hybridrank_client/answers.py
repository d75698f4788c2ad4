"""Answers as frozen values. A signal that is missing is not known, which is not 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One product: its place from 1, its score (comparable within one answer), its raw signals, its fields."""

    id: str
    rank: int
    score: float
    signals: Mapping[str, float]
    source: Mapping[str, Any]
    pinned: bool = False


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet and how many products have it; ``low`` and ``high`` bound a price range."""

    value: str | bool
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Facet:
    """How the matches spread over a field; ``other`` counts those whose value is not listed."""

    values: tuple[FacetValue, ...]
    other: int
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Found:
    """The answer to a search. Iterating it gives its results; ``query_id`` asks for a later page of the same order."""

    query_id: str
    took_ms: float
    total: int
    results: tuple[Result, ...]
    facets: Mapping[str, Facet]
    did_you_mean: str | None = None
    degraded: str | None = None

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Found:
        """Read an answer of ``/v1/search``."""
        return cls(
            raw["query_id"],
            raw["took_ms"],
            raw["total"],
            tuple(
                Result(r["id"], r["rank"], r["score"], r["signals"], r["source"], r.get("pinned", False))
                for r in raw["results"]
            ),
            {name: _facet(facet) for name, facet in raw.get("facets", {}).items()},
            raw.get("did_you_mean"),
            raw.get("degraded"),
        )


def _facet(raw: Mapping[str, Any]) -> Facet:
    values = tuple(FacetValue(v["value"], v["count"], v.get("low"), v.get("high")) for v in raw["values"])
    return Facet(values, raw["other"], raw.get("minimum"), raw.get("maximum"))


@dataclass(frozen=True)
class RerankedItem:
    """One document's place: ``index`` in the list that was sent, ``id`` where candidates were."""

    index: int
    score: float
    id: str | None = None


@dataclass(frozen=True)
class Reranked:
    """Documents, best first. Iterating it gives its items."""

    model: str
    items: tuple[RerankedItem, ...]
    degraded: str | None = None

    def __iter__(self) -> Iterator[RerankedItem]:
        return iter(self.items)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Reranked:
        """Read an answer of ``/v1/rerank``."""
        items = tuple(RerankedItem(r["index"], r["relevance_score"], r.get("id")) for r in raw["results"])
        return cls(raw["model"], items, raw.get("degraded"))


@dataclass(frozen=True)
class Embedding:
    """Unit vectors, one a text; vectors of the same ``revision`` can be compared."""

    vectors: tuple[tuple[float, ...], ...]
    encoder: str
    revision: str

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Embedding:
        """Read an answer of ``/v1/embed``."""
        return cls(tuple(map(tuple, raw["vectors"])), raw["encoder"]["name"], raw["encoder"]["revision"])


@dataclass(frozen=True)
class Rejected:
    """An event that was not stored: its place in the list that was sent, and why."""

    index: int
    reason: str


@dataclass(frozen=True)
class Accepted:
    """How many events are stored, now or before, and those that are not."""

    accepted: int
    rejected: tuple[Rejected, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Accepted:
        """Read an answer of ``/v1/events``."""
        return cls(raw["accepted"], tuple(Rejected(r["index"], r["reason"]) for r in raw["rejected"]))


@dataclass(frozen=True)
class Suggestion:
    """A text to go on with, and why; its score is comparable within one answer."""

    text: str
    score: float
    reason: str


@dataclass(frozen=True)
class Suggested:
    """Suggestions, best first. Iterating it gives them."""

    suggestions: tuple[Suggestion, ...]
    degraded: str | None = None

    def __iter__(self) -> Iterator[Suggestion]:
        return iter(self.suggestions)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Suggested:
        """Read an answer of ``/v1/suggest``."""
        return cls(_suggestions(raw["suggestions"]), raw.get("degraded"))


@dataclass(frozen=True)
class Recommendation:
    """One recommended product, why, and its raw signals."""

    id: str
    score: float
    reason: str
    signals: Mapping[str, float]
    source: Mapping[str, Any]


@dataclass(frozen=True)
class Recommended:
    """Recommendations, best first. Iterating it gives them."""

    recommendations: tuple[Recommendation, ...]
    took_ms: float
    degraded: str | None = None

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.recommendations)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Recommended:
        """Read an answer of ``/v1/recommend``."""
        return cls(_recommendations(raw["recommendations"]), raw["took_ms"], raw.get("degraded"))


@dataclass(frozen=True)
class Related:
    """Related queries and documents, best first."""

    queries: tuple[Suggestion, ...]
    documents: tuple[Recommendation, ...]
    degraded: str | None = None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Related:
        """Read an answer of ``/v1/related``."""
        return cls(_suggestions(raw["queries"]), _recommendations(raw["documents"]), raw.get("degraded"))


@dataclass(frozen=True)
class RefusedEdge:
    """A friendship that was refused: in which list (``edges`` or ``remove``), its place there, and why."""

    field: str
    index: int
    reason: str


@dataclass(frozen=True)
class Linked:
    """How many friendships are as they were asked to be, and those that are not."""

    accepted: int
    rejected: tuple[RefusedEdge, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Linked:
        """Read an answer of ``/v1/graph``."""
        refused = tuple(RefusedEdge(r["field"], r["index"], r["reason"]) for r in raw["rejected"])
        return cls(raw["accepted"], refused)


def _suggestions(raw: Sequence[Mapping[str, Any]]) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(one["text"], one["score"], one["reason"]) for one in raw)


def _recommendations(raw: Sequence[Mapping[str, Any]]) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(r["id"], r["score"], r["reason"], r["signals"], r["source"]) for r in raw)
