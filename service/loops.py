"""Work that a worker does again and again beside answering."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from personal.errors import FoldFailed
from plugin.errors import EngineError

from . import metrics

log = logging.getLogger("hybridrank.service")


def keep_doing(name: str, step: Callable[[], None], every_s: float, stop: threading.Event) -> threading.Thread | None:
    """Do a step again and again, in a thread that ends with the process or once ``stop`` is set; failures are counted.

    Args:
        name: of the work, for the log and the metric.
        step: one run of it.
        every_s: about how many seconds lie between two runs; 0 does nothing at all.
        stop: ends it.

    Returns:
        the thread, to be waited for where what it uses is about to go; ``None`` where nothing is done.
    """
    if every_s <= 0:
        return None

    def loop() -> None:
        # Workers look at different moments, so that one of them usually finds the work done.
        while not stop.wait(every_s * random.uniform(0.7, 1.3)):
            try:
                step()
            except (EngineError, FoldFailed) as error:
                metrics.LOOP_FAILURES.labels(name, type(error).__name__).inc()
                log.warning("%s failed, trying again: %s", name, type(error).__name__)

    thread = threading.Thread(target=loop, name=name, daemon=True)
    thread.start()
    return thread
