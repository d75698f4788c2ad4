"""What a worker does when it is asked more than it can answer: a short queue, then 429 at once.

A request that waits behind many others is answered when nobody waits for it any more. So of the requests of one worker
``slots`` are answered at once, ``queue`` wait, and further ones are told when to come again (RFC 6585, RFC 9110).
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

from flask import Flask, g, request

from . import metrics
from .problems import Problem

EXEMPT = frozenset({"recommend.stream", "metrics.metrics"})
"""Streams have places of their own, and who watches must see an overload."""


@dataclass
class Gate:
    """Slots and a queue in front of them. Thread-safe.

    Attributes:
        slots: requests that are answered at once.
        queue: requests that may wait for a slot.
        wait_s: how long one waits at most.
    """

    slots: int
    queue: int
    wait_s: float
    _free: threading.Semaphore = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _waiting: int = field(init=False, default=0)
    _typical_s: float = field(init=False, default=0.1)

    def __post_init__(self) -> None:
        if self.slots < 1 or self.queue < 0:
            raise ValueError("a gate has at least one slot, and a queue of 0 or more")
        self._free = threading.Semaphore(self.slots)

    def enter(self) -> bool:
        """Take a slot, after waiting for one where that is possible; ``False`` when there is none."""
        if self._free.acquire(blocking=False):
            return True
        with self._lock:
            if self._waiting >= self.queue:
                return False
            self._waiting += 1
        try:
            return self._free.acquire(timeout=self.wait_s)
        finally:
            with self._lock:
                self._waiting -= 1

    def leave(self, took_s: float) -> None:
        """Give the slot back, and remember how long such requests take."""
        with self._lock:
            self._typical_s += 0.1 * (took_s - self._typical_s)
        self._free.release()

    def retry_after_s(self) -> int:
        """When a slot is likely free for one who comes again: whole seconds, at least 1."""
        with self._lock:
            return max(1, math.ceil((self._waiting + 1) * self._typical_s / self.slots))


def install(app: Flask, gate: Gate) -> None:
    """Put a gate before every endpoint but those that are open to anyone or have places of their own.

    It comes after the guard, so that who may not call gets no place in the queue.
    """

    @app.before_request
    def enter() -> None:
        if request.endpoint is None or request.endpoint in EXEMPT or g.rule.open:
            return
        if not gate.enter():
            metrics.OVERLOADED.inc()
            detail = "The service has more to do than it can; come again after Retry-After."
            raise Problem(429, "overloaded", detail, headers={"Retry-After": str(gate.retry_after_s())})
        g.entered = time.perf_counter()

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        entered: float | None = g.pop("entered", None)
        if entered is not None:
            gate.leave(time.perf_counter() - entered)
