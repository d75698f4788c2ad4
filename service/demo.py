"""Where the sample catalogue lies, for the demo."""

from __future__ import annotations

from .media import Media
from .settings import Settings


def sample_media(settings: Settings) -> Media:
    return Media()
