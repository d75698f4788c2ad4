"""An iterator that is worked off ahead of its reader, in a thread of its own, and never further than a few steps."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


@contextmanager
def prefetched(source: Iterator[T], depth: int) -> Iterator[Iterator[T]]:
    """Run ``source`` in a thread, at most ``depth`` values ahead.

    What the thread raises is raised to the reader. On leaving, the thread has ended and ``source`` is closed where
    it was last asked.
    """
    ready: queue.Queue[T | _End] = queue.Queue(depth)
    stop = threading.Event()

    def put(value: T | _End) -> bool:
        while not stop.is_set():
            try:
                ready.put(value, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        error: BaseException | None = None
        try:
            for value in source:
                if not put(value):
                    break
        except BaseException as raised:  # noqa: BLE001 - carried over to the reader, which raises it
            error = raised
        put(_End(error))

    def values() -> Iterator[T]:
        while True:
            value = ready.get()
            if isinstance(value, _End):
                if value.error is not None:
                    raise value.error
                return
            yield value

    thread = threading.Thread(target=work, name="indexer-read", daemon=True)
    thread.start()
    try:
        yield values()
    finally:
        stop.set()
        thread.join()
