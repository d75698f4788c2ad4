"""Which sequence model a catalogue has: a folder of its name, read again when it has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from ranker.errors import ModelError
from ranker.sequence import SequenceModel

_MOST = 64


class Sequences:
    """The sequence models of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for models in ``folder/CATALOGUE``."""
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, SequenceModel]] = {}

    def of(self, catalogue: str) -> SequenceModel | None:
        """The model of a catalogue; ``None`` where none was trained.

        Raises:
            ModelError: there is one, but it is damaged.
        """
        folder = self._folder / catalogue
        try:
            stamp = (folder / "config.json").stat().st_mtime_ns
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelError(f"model: {folder} cannot be read ({error.strerror})") from error
        with self._lock:
            known = self._known.get(catalogue)
            if known is None or known[0] != stamp:
                if len(self._known) >= _MOST:
                    self._known.clear()
                known = self._known[catalogue] = (stamp, SequenceModel(folder))
            return known[1]
