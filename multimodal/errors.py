"""Errors of the encoders' room.

::

    EncoderError
    ├── UnknownEncoder      no such name, folder or package
    └── EncoderUnavailable  known, but its files are not here and cannot be had now
    MediaError              ValueError: a file that is not taken
    ├── BadPicture          no picture, a broken one, or one beyond the limits
    └── BadVideo            the same of a clip
"""

from __future__ import annotations

from typing import ClassVar


class EncoderError(Exception):
    """Anything that an encoder refuses."""

    hint: ClassVar[str] = "docs/encoders.md says where encoders come from"


class UnknownEncoder(EncoderError):
    """No encoder of that name or path."""


class EncoderUnavailable(EncoderError):
    """The encoder is known, but its files are not here and cannot be fetched; the message says what to do."""


class MediaError(ValueError):
    """A file that is not taken; the message says why, without a word of its content."""

    hint: ClassVar[str] = "docs/pictures.md has the formats and limits"


class BadPicture(MediaError):
    """No picture, a broken one, or one beyond the limits."""


class BadVideo(MediaError):
    """No clip, a broken one, or one beyond the limits."""
