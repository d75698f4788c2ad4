"""Which encoder a query of a catalogue needs: the one that the catalogue was written with, or none at all."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from multimodal import load_image_encoder, load_text_encoder
from multimodal.encoder import ImageEncoder, TextEncoder
from multimodal.errors import UnknownEncoder
from plugin.catalogue import Catalogue

from .settings import Settings
from .vectors import QueryVectors, Remembered, TextTower

NO_IMAGE_ENCODER = "none"
"""The setting that does without one."""


@dataclass(frozen=True, slots=True)
class ImageSpace:
    """What is compared with a catalogue's image vectors.

    Attributes:
        encoder: for pictures.
        texts: for queries in words, remembered.
    """

    encoder: ImageEncoder
    texts: QueryVectors


class Encoders:
    """The encoders of one worker, each with its remembered vectors. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._default: TextEncoder | None = None
        self._by_revision: dict[str, QueryVectors] = {}
        self._image_default: ImageEncoder | None = None
        self._image_spaces: dict[str, ImageSpace] = {}

    @property
    def default(self) -> TextEncoder:
        """The encoder of the settings.

        Raises:
            EncoderError: it cannot be had.
        """
        with self._lock:
            if self._default is None:
                self._default = self._load(self._settings.text_encoder)
            return self._default

    def of(self, catalogue: Catalogue) -> QueryVectors | None:
        """The vectors that can be compared with a catalogue's; ``None`` where it has none.

        It is the encoder of the settings, or, where that is another one, the one that the catalogue names, if an
        encoder of that name and revision can be had here.

        Raises:
            EncoderMismatch: it cannot.
            EncoderError: it could, but its files are not here.
        """
        wanted = catalogue.text_encoder
        if wanted is None:
            return None
        with self._lock:
            known = self._by_revision.get(wanted.revision)
        if known is not None:
            return known
        encoder = self.default
        if encoder.id.revision != wanted.revision:
            try:
                named = self._load(wanted.name)
            except UnknownEncoder:
                named = encoder
            catalogue.require_text_encoder(named.id.name, named.id.revision)
            encoder = named
        return self._remember(encoder)

    @property
    def image_default(self) -> ImageEncoder | None:
        """The image encoder of the settings; ``None`` where they do without one.

        Raises:
            EncoderError: it cannot be had.
        """
        if self._settings.image_encoder == NO_IMAGE_ENCODER:
            return None
        with self._lock:
            known = self._image_default
        if known is None:
            known = self._load_image(self._settings.image_encoder)
            with self._lock:
                self._image_default = known = self._image_default or known
        return known

    def images_of(self, catalogue: Catalogue) -> ImageSpace | None:
        """What can be compared with a catalogue's image vectors; ``None`` where it names no image encoder.

        Raises:
            EncoderMismatch: its image encoder is not to be had here.
            EncoderError: it could, but its files are not here.
        """
        wanted = catalogue.image_encoder
        if wanted is None:
            return None
        with self._lock:
            known = self._image_spaces.get(wanted.revision)
        if known is not None:
            return known
        encoder = self.image_default
        if encoder is None or encoder.id.revision != wanted.revision:
            try:
                encoder = self._load_image(wanted.name)
            except UnknownEncoder:
                if encoder is None:
                    raise
            catalogue.require_image_encoder(encoder.id.name, encoder.id.revision)
        space = ImageSpace(encoder, QueryVectors(TextTower(encoder), self._settings.query_vectors))
        with self._lock:
            return self._image_spaces.setdefault(wanted.revision, space)

    def _remember(self, encoder: TextEncoder) -> QueryVectors:
        fresh = QueryVectors(encoder, self._settings.query_vectors)
        with self._lock:
            return self._by_revision.setdefault(encoder.id.revision, fresh)

    def _load_image(self, spec: str) -> ImageEncoder:
        # The text tower of the light model stands on the text encoder, which is loaded once and remembers its queries.
        texts = Remembered(self._remember(self.default))
        return load_image_encoder(spec, self._settings.home, threads=self._settings.threads, text_encoder=texts)

    def _load(self, spec: str) -> TextEncoder:
        return load_text_encoder(spec, self._settings.home, threads=self._settings.threads)
