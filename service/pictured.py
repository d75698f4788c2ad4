"""A picture that a caller sends: read within limits, and turned into a vector of the catalogue's image encoder."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from PIL.Image import Image

from indexer.mediasources import data_uri
from multimodal.errors import BadPicture
from multimodal.pictures import DEFAULT_LIMITS, decode

from .problems import invalid

LIMITS = replace(DEFAULT_LIMITS, pixels=16_000_000)
"""Tighter than a catalogue's, for several requests decode at once."""


def read_picture(field: str, text: str) -> Image:
    """The picture in a field of a request: a data URI, or base64 alone. Addresses are not fetched for callers.

    Raises:
        Problem: it is none, broken, or beyond the limits.
    """
    try:
        return decode(_bytes(text), LIMITS)
    except BadPicture as error:
        raise invalid(field, str(error)) from None


def _bytes(text: str) -> bytes:
    if text[:5].lower() == "data:":
        return data_uri(text)
    if text[:8].lower().startswith(("http:", "https:")):
        raise BadPicture("expected a data URI or base64; addresses are not fetched")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadPicture("expected a data URI or base64") from None
