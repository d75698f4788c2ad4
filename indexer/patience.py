"""How long and how often a request is sent again when the engine cannot take it now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from plugin.errors import EngineUnavailable

T = TypeVar("T")


@dataclass(slots=True)
class Patience:
    """Exponential back-off with full jitter, shared by all threads of a run.

    Attributes:
        give_up_s: seconds after which the last failure is raised.
        first_wait_s: the first pause is drawn from 0 to this, each further one from twice as much.
        longest_wait_s: upper end of a pause.
        answer_s: how long the answer of one request to write or to read documents is waited for.
        stop: set when the run ends early; pauses end and nothing is tried again.
        retries: requests that were sent again.
    """

    give_up_s: float = 300.0
    first_wait_s: float = 0.2
    longest_wait_s: float = 15.0
    answer_s: float = 60.0
    stop: threading.Event = field(default_factory=threading.Event)
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def retrying(self) -> Retrying:
        """Attempts that go on while :class:`~plugin.errors.EngineUnavailable` is raised in them."""
        return Retrying(
            retry=retry_if_exception_type(EngineUnavailable),
            wait=wait_random_exponential(multiplier=self.first_wait_s, max=self.longest_wait_s),
            stop=stop_after_delay(self.give_up_s) | stop_when_event_set(self.stop),
            sleep=sleep_using_event(self.stop),
            before_sleep=lambda _: self._count(),
            reraise=True,
        )

    def call(self, send: Callable[[], T]) -> T:
        """Call until it succeeds, fails for good, or patience ends."""
        return self.retrying()(send)

    def _count(self) -> None:
        with self._lock:
            self.retries += 1
