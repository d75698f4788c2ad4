"""What a worker does beside answering: again and again, past failures, and no longer than the worker."""

import threading

from plugin.errors import EngineError
from service.loops import keep_doing


def test_a_step_is_done_again_after_it_failed_and_its_thread_ends_when_told():
    stop, twice, count = threading.Event(), threading.Event(), 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise EngineError("away")
        twice.set()

    thread = keep_doing("tried", step, 0.01, stop)
    assert thread is not None
    assert twice.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_every_zero_seconds_is_never():
    assert keep_doing("never", lambda: None, 0.0, threading.Event()) is None
