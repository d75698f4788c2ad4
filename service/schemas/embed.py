"""Texts to encode, and their vectors."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .common import Body, Text


class EmbedBody(Body):
    """Texts to encode, or pictures, or both; with pictures, all of it goes into the space of the image encoder."""

    texts: list[Text] | None = Field(None, min_length=1)
    images: list[Text] | None = Field(None, min_length=1, description="Data URIs, or base64.")


class EncoderOut(BaseModel):
    """Which encoder made the vectors; vectors of one revision can be compared."""

    name: str
    revision: str
    dimension: int


class EmbedOut(BaseModel):
    """One unit vector a text, then one a picture, in the order given."""

    vectors: list[list[float]]
    encoder: EncoderOut
