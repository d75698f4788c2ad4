"""``POST /v1/embed``: the vectors that search itself compares."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..app import parts
from ..metrics import stage
from ..schemas.embed import EmbedBody, EmbedOut, EncoderOut
from .answers import answer, check_count, check_text

blueprint = APIBlueprint("embed", __name__, tag="embed")


@blueprint.post("/v1/embed")
@blueprint.input(EmbedBody, arg_name="body")
@blueprint.output(EmbedOut)
def embed(body: EmbedBody) -> Response:
    """Encode texts as search encodes queries."""
    here = parts()
    check_count("texts", len(body.texts), here.settings.max_rerank_documents)
    for place, text in enumerate(body.texts):
        check_text(f"texts.{place}", text, here.settings.max_document_chars)
    encoder = here.encoders.default
    with stage("encode"):
        vectors = encoder.encode(body.texts, role="query")
    which = EncoderOut(name=encoder.id.name, revision=encoder.id.revision, dimension=encoder.id.dimension)
    return answer(EmbedOut(vectors=vectors.tolist(), encoder=which))
