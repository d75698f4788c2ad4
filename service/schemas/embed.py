"""Texts to encode, and their vectors."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .common import Body, Text


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
