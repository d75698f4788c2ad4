"""Which blend a catalogue has: a small file of its name, read again when it has changed."""

from __future__ import annotations

from pathlib import Path

from ranker.blend import PRIOR, Blend, read_blend

from .followed import Followed


class Blends:
    """The blends of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for blends in ``folder/CATALOGUE.json``."""
        self._folder = folder
        self._followed = Followed("blend", read_blend)

    def of(self, catalogue: str) -> Blend:
        """The blend of a catalogue; the priors where none was learnt.

        Raises:
            ModelError: there is one, but it cannot be used.
        """
        return self._followed.at(self._folder / f"{catalogue}.json") or PRIOR
