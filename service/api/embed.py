"""``POST /v1/embed``: the vectors that search itself compares."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from multimodal.encoder import EncoderId

from ..app import parts
from ..metrics import stage
from ..pictured import read_picture
from ..problems import invalid
from ..schemas.embed import EmbedBody, EmbedOut, EncoderOut
from .answers import answer, check_count, check_text

MAX_IMAGES = 64

blueprint = APIBlueprint("embed", __name__, tag="embed")


@blueprint.post("/v1/embed")
@blueprint.input(EmbedBody, arg_name="body")
@blueprint.output(EmbedOut)
def embed(body: EmbedBody) -> Response:
    """Encode texts as search encodes queries, and pictures as it encodes them."""
    here = parts()
    if body.images:
        return _with_images(body.texts or [], body.images)
    if not body.texts:
        raise invalid("texts", "give texts or images")
    _check(body.texts)
    encoder = here.encoders.default
    with stage("encode"):
        vectors = encoder.encode(body.texts, role="query")
    return answer(EmbedOut(vectors=vectors.tolist(), encoder=_named(encoder.id)))


def _with_images(texts: list[str], images: list[str]) -> Response:
    _check(texts)
    check_count("images", len(images), MAX_IMAGES)
    encoder = parts().encoders.image_default
    if encoder is None:
        raise invalid("images", "this service has no image encoder; set HYBRIDRANK_IMAGE_ENCODER")
    vectors = []
    with stage("encode"):
        if texts:
            vectors += encoder.encode_texts(texts).tolist()
        for place, text in enumerate(images):
            vectors += encoder.encode_images([read_picture(f"images.{place}", text)]).tolist()
    return answer(EmbedOut(vectors=vectors, encoder=_named(encoder.id)))


def _check(texts: list[str]) -> None:
    settings = parts().settings
    check_count("texts", len(texts), settings.max_rerank_documents)
    for place, text in enumerate(texts):
        check_text(f"texts.{place}", text, settings.max_document_chars)


def _named(encoder: EncoderId) -> EncoderOut:
    return EncoderOut(name=encoder.name, revision=encoder.revision, dimension=encoder.dimension)
