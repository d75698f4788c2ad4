"""Which blend a catalogue has: a small file of its name, read again when it has changed."""

from __future__ import annotations

from pathlib import Path

from ranker.blend import PRIOR, Blend, read_blend, told_by
from ranker.sequence import SequenceModel

from .followed import Followed


class Blends:
    """The blends of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for blends in ``folder/CATALOGUE.json``."""
        self._folder = folder
        self._followed = Followed("blend", read_blend)

    def of(self, catalogue: str, model: SequenceModel | None) -> Blend:
        """The blend of a catalogue; where none was learnt the priors, as far as the sequence model that is asked has
        not told them.

        Raises:
            ModelError: there is one, but it cannot be used.
        """
        return self._followed.at(self._folder / f"{catalogue}.json") or prior_of(model)


def prior_of(model: SequenceModel | None) -> Blend:
    """How signals are weighed before a blend is learnt."""
    return told_by(model.config.weights) if model is not None else PRIOR
