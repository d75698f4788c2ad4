"""Which encoder a query of a catalogue needs: the one that the catalogue was written with, or none at all."""

from __future__ import annotations

import threading

from multimodal import load_text_encoder
from multimodal.encoder import TextEncoder
from multimodal.errors import UnknownEncoder
from plugin.catalogue import Catalogue

from .settings import Settings
from .vectors import QueryVectors


class Encoders:
    """The encoders of one worker, each with its remembered vectors. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._default: TextEncoder | None = None
        self._by_revision: dict[str, QueryVectors] = {}

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
        with self._lock:
            return self._by_revision.setdefault(wanted.revision, QueryVectors(encoder, self._settings.query_vectors))

    def _load(self, spec: str) -> TextEncoder:
        return load_text_encoder(spec, self._settings.home, threads=self._settings.threads)
