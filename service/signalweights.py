"""The shop's own weights of signals, as a file that every worker follows."""

from __future__ import annotations

import threading
from pathlib import Path

from ranker.weights import Weights, read_weights


class SignalWeights:
    """The weights of a file; read again when it changes. Thread-safe.

    Args:
        path: where they lie; no file is no weights.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, int, int], dict[str, float]] | None = None

    def now(self) -> Weights:
        """The weights as they are.

        Raises:
            ModelError: the file is not of the form.
            OSError: it cannot be read.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {}
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        with self._lock:
            if self._known is None or self._known[0] != state:
                self._known = state, read_weights(self.path)
            return self._known[1]
