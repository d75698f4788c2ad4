"""Errors of the encoders' room.

::

    EncoderError
    ├── UnknownEncoder      no such name, folder or package
    └── EncoderUnavailable  known, but its files are not here and cannot be had now
"""

from __future__ import annotations


class EncoderError(Exception):
    """Anything that an encoder refuses."""


class UnknownEncoder(EncoderError):
    """No encoder of that name or path."""


class EncoderUnavailable(EncoderError):
    """The encoder is known, but its files are not here and cannot be fetched; the message says what to do."""
