"""A catalogue into OpenSearch, with what this deployment's settings say: encoders, pictures, threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import indexer
from indexer import Summary
from indexer.sharding import Share
from indexer.summary import OnProgress, OnRejection
from indexer.target import live
from indexer.webpictures import WebPictures
from multimodal import ImageEncoder, TextEncoder, default_encoder, load_image_encoder, load_text_encoder
from plugin.client import Engine

from .encoders import NO_IMAGE_ENCODER
from .settings import Settings

ENGLISH = default_encoder("en")
"""The text encoder that the light image encoder stands on."""


@dataclass(frozen=True, slots=True)
class Indexing:
    """What is to be indexed; see :func:`indexer.run`."""

    files: tuple[str, ...]
    index: str
    language: str | None = None
    rebuild: bool = False
    images: Path | None = None


def index_files(
    wanted: Indexing,
    settings: Settings,
    engine: Engine,
    *,
    share: Share | None = None,
    on_progress: OnProgress = lambda _: None,
    on_rejection: OnRejection = lambda _: None,
) -> Summary:
    """Index, or a share of it; raises as :func:`indexer.run` does."""
    encoder = text_encoder(settings, engine, wanted.language)
    return indexer.run(
        wanted.files,
        engine=engine,
        catalogue=wanted.index,
        home=settings.home,
        encoder=encoder,
        language=wanted.language,
        rebuild=wanted.rebuild,
        share=share,
        images=wanted.images,
        image_encoder=_image_encoder(settings, encoder),
        web=WebPictures(settings.picture_hosts) if settings.picture_hosts else None,
        threads=settings.threads,
        on_progress=on_progress,
        on_rejection=on_rejection,
    )


def text_encoder(settings: Settings, engine: Engine, language: str | None) -> TextEncoder:
    """The encoder that was set; else the one of the catalogue's language."""
    spec = settings.text_encoder
    if "text_encoder" not in settings.model_fields_set:
        found = live(engine, settings.index) if language is None else None
        spec = default_encoder(language or (found.language if found else "en"))
    return load_text_encoder(spec, settings.home, threads=settings.threads)


def _image_encoder(settings: Settings, texts: TextEncoder) -> ImageEncoder | None:
    """The encoder that was set; else the light one, for catalogues whose texts its text tower can read."""
    if settings.image_encoder == NO_IMAGE_ENCODER:
        return None
    if "image_encoder" not in settings.model_fields_set and texts.id.name != ENGLISH:
        return None
    return load_image_encoder(settings.image_encoder, settings.home, threads=settings.threads, text_encoder=texts)
