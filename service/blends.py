"""Which blend a catalogue has: a small file of its name, read again when it has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from ranker.blend import PRIOR, Blend, read_blend
from ranker.errors import ModelError

_MOST = 64


class Blends:
    """The blends of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for blends in ``folder/CATALOGUE.json``."""
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, Blend]] = {}

    def of(self, catalogue: str) -> Blend:
        """The blend of a catalogue; the priors where none was learnt.

        Raises:
            ModelError: there is one, but it cannot be used.
        """
        path = self._folder / f"{catalogue}.json"
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            return PRIOR
        except OSError as error:
            raise ModelError(f"blend: {path} cannot be read ({error.strerror})") from error
        with self._lock:
            known = self._known.get(catalogue)
            if known is None or known[0] != stamp:
                if len(self._known) >= _MOST:
                    self._known.clear()
                known = self._known[catalogue] = (stamp, read_blend(path))
            return known[1]
