"""Lines of a file in bounded memory: a line longer than the limit costs no more than the limit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from .errors import CatalogueError

MAX_LINE_BYTES = 8 * 1024 * 1024
"""Long enough for a picture as a data URI; above it a line is a file that lacks its line breaks."""
_KEPT_OF_LONG_LINE = 4096
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line without its line break.

    Attributes:
        number: from 1.
        data: its bytes; only the beginning when it is too long.
        too_long: whether it is longer than the limit.
        end: how it ended: a line break, or nothing at the end of the file.
    """

    number: int
    data: bytes
    too_long: bool
    end: bytes


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked when its name ends in ``.gz``.

    Raises:
        CatalogueError: it cannot be opened.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror or error}") from error
    with raw:
        if path.suffix.lower() != ".gz":
            yield raw
            return
        with gzip.open(raw, "rb") as stream:
            yield cast("BinaryIO", stream)


def lines(stream: BinaryIO, name: str, limit: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Read the lines of a stream.

    Args:
        stream: bytes; a byte order mark at its beginning is left out.
        name: of the file, for errors.
        limit: bytes of a line, the line break not counted.

    Raises:
        CatalogueError: the file breaks off or cannot be unpacked.
    """
    number = 0
    try:
        while chunk := stream.readline(limit + 2):
            number += 1
            data = chunk.rstrip(b"\r\n")
            end = chunk[len(data) :]
            too_long = len(data) > limit
            while not chunk.endswith(b"\n") and (chunk := stream.readline(64 * 1024)):
                # Only reached by a line above the limit: what is beyond it is read past, not kept.
                too_long = too_long or bool(chunk.strip(b"\r\n"))
            if number == 1:
                data = data.removeprefix(_BOM)
            yield Line(number, data[:_KEPT_OF_LONG_LINE] if too_long else data, too_long, end)
    except (OSError, EOFError, zlib.error) as error:
        raise CatalogueError(f"{name}: breaks off or is damaged after line {number}: {error}") from error
