"""Which sequence model a catalogue has: a folder of its name, read again when it has changed."""

from __future__ import annotations

from pathlib import Path

from ranker.sequence import SequenceModel

from .followed import Followed


class Sequences:
    """The sequence models of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for models in ``folder/CATALOGUE``."""
        self._folder = folder
        self._followed = Followed("model", SequenceModel)

    def of(self, catalogue: str) -> SequenceModel | None:
        """The model of a catalogue; ``None`` where none was trained.

        Raises:
            ModelError: there is one, but it is damaged.
        """
        folder = self._folder / catalogue
        return self._followed.at(folder, folder / "config.json")
