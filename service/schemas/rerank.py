"""A reranking, in the three shapes that clients send, and its answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag

from .common import Body, Text


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
    top_n: int | None = Field(None, ge=1)
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
