"""What things usually cost, by category: remembered for a while, for it moves slowly."""

from __future__ import annotations

import threading
import time

from plugin.client import Engine
from plugin.typical import typical_prices

from .affinity import Prices

KEPT_S = 600.0
_MOST_CATALOGUES = 64


class UsualPrices:
    """Usual prices of catalogues. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Prices]] = {}

    def of(self, catalogue: str, *, timeout_s: float | None = None) -> Prices:
        """The median price of each category by its name in lower case.

        Raises:
            EngineError: the engine does not answer in time.
        """
        with self._lock:
            known = self._known.get(catalogue)
        if known is not None and time.monotonic() - known[0] < KEPT_S:
            return known[1]
        prices = {name.casefold(): price for name, price in typical_prices(self._engine, catalogue, timeout_s).items()}
        with self._lock:
            if len(self._known) >= _MOST_CATALOGUES:
                self._known.clear()
            self._known[catalogue] = (time.monotonic(), prices)
        return prices
