"""From what a catalogue writes under ``image`` and ``video`` to bytes: path, data URI or URL."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from multimodal.errors import BadPicture, BadVideo, MediaError
from multimodal.pictures import DEFAULT_LIMITS

from .webpictures import WebPictures

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_DATA = re.compile(r"data:([^,]{0,200}),", re.ASCII | re.IGNORECASE)


MAX_PICTURES = 16
"""Of one product; further ones are left out."""
MAX_CLIPS = 4


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of a product's pictures and clips are read, each with its place in the field.

    Attributes:
        pictures: of ``image``.
        clips: of ``video``.
        left_out: how many others there are.
    """

    pictures: tuple[tuple[int, str], ...]
    clips: tuple[tuple[int, str], ...]
    left_out: int


class MediaSources:
    """Reads what a catalogue refers to."""

    def __init__(self, folder: Path | None = None, web: WebPictures | None = None) -> None:
        """Say where things may come from.

        Args:
            folder: of the picture and video files; ``None``: paths are left out.
            web: fetches URLs; ``None``: they are left out.
        """
        self._folder = folder.resolve() if folder is not None else None
        self._web = web

    def picture(self, reference: str) -> bytes:
        """The bytes of a picture.

        Raises:
            BadPicture: it cannot be had.
        """
        if reference[:5].lower() == "data:":
            return data_uri(reference)
        if reference[:8].lower().startswith(("http:", "https:")):
            if self._web is None:
                raise BadPicture("URLs are not read without allowed hosts")
            return self._web.fetch(reference)
        path = self.path(reference)
        try:
            if path.stat().st_size > DEFAULT_LIMITS.bytes:
                raise BadPicture(f"the file has more than {DEFAULT_LIMITS.bytes} bytes")
            return path.read_bytes()
        except OSError as error:
            raise BadPicture(f"the file cannot be read ({type(error).__name__})") from None

    def clip(self, reference: str) -> Path:
        """The file of a clip; clips come by path only.

        Raises:
            BadVideo: there is none.
        """
        return self._found(reference, BadVideo)

    def path(self, reference: str) -> Path:
        """The file of a picture that is named by its path; raises BadPicture where there is none."""
        return self._found(reference, BadPicture)

    def chosen(self, source: Mapping[str, Any]) -> Chosen:
        """What of a product is read: no path without a folder, no URL without allowed hosts, and not too many."""
        images, videos = source.get("image") or [], source.get("video") or []
        pictures = [(place, one) for place, one in enumerate(images) if self._reads(one)]
        clips = [(place, one) for place, one in enumerate(videos) if self._folder and not _SCHEME.match(one)]
        kept = Chosen(tuple(pictures[:MAX_PICTURES]), tuple(clips[:MAX_CLIPS]), 0)
        return replace(kept, left_out=len(images) + len(videos) - len(kept.pictures) - len(kept.clips))

    def _reads(self, reference: str) -> bool:
        if reference[:8].lower().startswith(("http:", "https:")):
            return self._web is not None
        return self._folder is not None or bool(_SCHEME.match(reference))

    def digest(self, source: Mapping[str, Any]) -> str | None:
        """32 hexadecimal digits for a product's pictures and clips as they are.

        Of a file its content counts, of a URL the URL, for fetching it to see would be all the work. Empty where it
        has none; ``None`` where it has some, but none that is read.
        """
        chosen = self.chosen(source)
        if not chosen.pictures and not chosen.clips:
            return None if chosen.left_out else ""
        digest = hashlib.blake2b(digest_size=16)
        for _, reference in (*chosen.pictures, *chosen.clips):
            digest.update(hashlib.blake2b(reference.encode(), digest_size=16).digest())
            if not _SCHEME.match(reference):
                digest.update(self._content(reference))
        return digest.hexdigest()

    def _content(self, reference: str) -> bytes:
        try:
            with self.path(reference).open("rb") as stream:
                return hashlib.file_digest(stream, "blake2b").digest()
        except (MediaError, OSError):
            # Reading it to encode it will find the same, and say so.
            return b"unreadable"

    def _found(self, reference: str, kind: type[MediaError]) -> Path:
        if self._folder is None:
            raise kind("paths are not read without --images")
        if _SCHEME.match(reference):
            raise kind("is neither a path, a data URI, nor a URL of http or https")
        try:
            found = (self._folder / reference).resolve()
            inside, there = found.is_relative_to(self._folder), found.is_file()
        except (OSError, ValueError):
            inside, there = True, False
        if not inside:
            raise kind("the path leads out of the folder of --images")
        if not there:
            raise kind("no such file in the folder of --images")
        return found


def data_uri(uri: str) -> bytes:
    """The bytes in a data URI (RFC 2397).

    Raises:
        BadPicture: it is none, or too long.
    """
    head = _DATA.match(uri)
    if head is None:
        raise BadPicture("is no data URI: expected data:image/...;base64,...")
    body = uri[head.end() :]
    if len(body) > DEFAULT_LIMITS.bytes * 3:
        raise BadPicture(f"has more than {DEFAULT_LIMITS.bytes} bytes")
    plain = unquote_to_bytes(body)
    if not head[1].lower().endswith(";base64"):
        return plain
    try:
        return base64.b64decode(plain, validate=True)
    except binascii.Error:
        raise BadPicture("its base64 is broken") from None
