"""The bodies that go in and out, as pydantic models: what OpenAPI shows is what is checked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag

from plugin.facets import Facet

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
QUERY_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
MAX_SIZE = 100
MAX_WINDOW = 10_000

Text = Annotated[str, Field(strict=True)]
Index = Annotated[
    Text, Field(json_schema_extra={"pattern": NAME_PATTERN}, description="Which catalogue; 'products' is the default.")
]


class Body(BaseModel):
    """A request body: no unknown names, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SearchBody(Body):
    """A search. Without ``query`` it is browsing: every product that the filters let through."""

    query: Text | None = None
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


class ResultOut(BaseModel):
    """One product of an answer. A name that is missing from ``signals`` is not known, which is not 0."""

    id: str
    rank: int
    score: float
    signals: dict[str, float]
    source: dict[str, Any]
    pinned: bool | None = Field(None, description="True where merchandising put the product at this place.")


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
    results: list[ResultOut]


class DocumentBody(BaseModel):
    """A document as an object; only its text is read."""

    model_config = ConfigDict(extra="allow", strict=True)

    text: Text


Document = Annotated[
    Annotated[Text, Tag("str")] | Annotated[DocumentBody, Tag("DocumentBody")],
    Discriminator(lambda value: "DocumentBody" if isinstance(value, dict | DocumentBody) else "str"),
]


class DocumentsBody(Body):
    """What clients of Cohere and Jina send. Fields about how their models cut texts are taken and have no effect."""

    query: Text = Field(min_length=1)
    documents: list[Document] = Field(min_length=1)
    model: Text | None = None
    top_n: int | None = Field(None, ge=1)
    return_documents: bool | None = None
    rank_fields: list[Text] | None = None
    max_chunks_per_doc: int | None = None
    max_tokens_per_doc: int | None = None
    max_query_length: int | None = None
    max_doc_length: int | None = None
    priority: int | None = None
    truncation: bool | None = None
    return_embeddings: bool | None = None


class TextsBody(Body):
    """What clients of text-embeddings-inference send."""

    query: Text = Field(min_length=1)
    texts: list[Text] = Field(min_length=1)
    raw_scores: bool = False
    return_text: bool = False
    truncate: bool | None = None
    truncation_direction: Text | None = None


class CandidateBody(Body):
    """One candidate with its signals, in raw units: BM25 as Lucene gives it, cosine -1..1, rates 0..1."""

    id: Text = Field(min_length=1, max_length=512)
    text: Text | None = None
    signals: dict[str, float] = Field(default_factory=dict, max_length=32)


class CandidatesBody(Body):
    """The rich form: every candidate with all that is known about it."""

    query: Text = Field(min_length=1)
    candidates: list[CandidateBody] = Field(min_length=1)
    model: Text | None = None
    top_n: int | None = Field(None, ge=1)


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        for name in ("texts", "candidates"):
            if name in value:
                return name
    return "documents"


class RerankBody(
    RootModel[
        Annotated[
            Annotated[DocumentsBody, Tag("documents")]
            | Annotated[TextsBody, Tag("texts")]
            | Annotated[CandidatesBody, Tag("candidates")],
            Discriminator(_shape),
        ]
    ]
):
    """One of three shapes, told apart by ``documents``, ``texts`` or ``candidates``."""


class RerankResultOut(BaseModel):
    """One document's place. ``index`` is its place in the request; ``id`` and ``signals`` come with the rich form."""

    index: int
    relevance_score: float
    document: dict[str, Any] | None = None
    id: str | None = None
    signals: dict[str, float] | None = None


class RerankOut(BaseModel):
    """The answer to the shapes with ``documents`` and ``candidates``, best first."""

    id: str
    model: str
    results: list[RerankResultOut]
    degraded: str | None = None


class TextScoreOut(BaseModel):
    """One text's score."""

    index: int
    score: float
    text: str | None = None


class RerankAnswer(RootModel[RerankOut | list[TextScoreOut]]):
    """An object, or a list where ``texts`` was sent."""


class EmbedBody(Body):
    """Texts to encode."""

    texts: list[Text] = Field(min_length=1)


class EncoderOut(BaseModel):
    """Which encoder made the vectors; vectors of one revision can be compared."""

    name: str
    revision: str
    dimension: int


class EmbedOut(BaseModel):
    """One unit vector a text, in the order given."""

    vectors: list[list[float]]
    encoder: EncoderOut


class EventsBody(RootModel[dict[str, Any] | list[Any]]):
    """One UBI 1.3.0 event, or a list of them. Each is judged by itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "application": "products",
                    "action_name": "click",
                    "query_id": "6610ec99-2271-4fe6-a4ca-d03546b0112d",
                    "client_id": "a9277f41-1df3-46af-9f4d-5d27a59f6223",
                    "timestamp": "2025-03-03T16:47:48.835Z",
                    "event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 2}},
                }
            ]
        }
    )


class RejectedOut(BaseModel):
    """An event that was not stored: its place in the list that was sent, from 0, and why."""

    index: int
    reason: str


class EventsOut(BaseModel):
    """``accepted`` events are stored, now or before."""

    accepted: int
    rejected: list[RejectedOut]


class PinOut(BaseModel):
    """A product and the place that it is pinned to, from 1."""

    id: str
    place: int


class PinBody(Body):
    """A product and the place that it is pinned to, from 1."""

    id: Text
    place: int


class RulePlace(BaseModel):
    """Which rule: of a catalogue, and of a query."""

    model_config = ConfigDict(extra="forbid")

    index: Index | None = None
    query: Text | None = Field(None, description="'*' is every query.")


class RuleBody(Body):
    """What to pin, hide and boost for a query; '*' is every query."""

    index: Index | None = None
    query: Text
    pinned: list[Text | PinBody] | None = Field(None, description="Ids, placed from the top; or with their places.")
    hidden: list[Text] | None = None
    boosts: dict[str, float] | None = Field(None, description="Product id to what is added to its score, -1 to 1.")


class RuleOut(BaseModel):
    """A rule as it is kept."""

    query: str
    pinned: list[PinOut]
    hidden: list[str]
    boosts: dict[str, float]


class RulesOut(BaseModel):
    """Rules."""

    rules: list[RuleOut]


class ReadyOut(BaseModel):
    """Whether a search can be answered; ``reasons`` names each part that is not well."""

    ready: bool
    reasons: dict[str, str]
