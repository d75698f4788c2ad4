"""What is known about the catalogues, remembered for a moment: every search needs it, and it seldom changes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from plugin.catalogue import Catalogue, is_pictured, lookup
from plugin.client import Engine

KEPT_S = 2.0
MOST = 256


class Catalogues:
    """Catalogues by name. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Catalogue]] = {}

    def find(self, name: str) -> Catalogue:
        """A catalogue as it was at most :data:`KEPT_S` ago.

        Raises:
            UnknownCatalogue: there is none of that name.
            InvalidQuery: it is no name of a catalogue.
        """
        with self._lock:
            found = self._known.get(name)
        if found is not None and time.monotonic() - found[0] < KEPT_S:
            return found[1]
        catalogue = lookup(self._engine, name)
        if catalogue.image_encoder is not None:
            # Without a picture in it a third of a window would be fetched for a signal that nothing has.
            catalogue = replace(catalogue, pictured=is_pictured(self._engine, catalogue.index))
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[name] = (time.monotonic(), catalogue)
        return catalogue

    def forget(self, name: str) -> None:
        """Look again next time."""
        with self._lock:
            self._known.pop(name, None)
