"""A worker that is asked too much says so, and goes on."""

from __future__ import annotations

import threading

import pytest

from service.overload import Gate


def test_slots_then_a_queue_then_nothing():
    gate = Gate(slots=2, queue=1, wait_s=60)
    assert gate.enter()
    assert gate.enter()
    entered = []
    waiter = threading.Thread(target=lambda: entered.append(gate.enter()))
    waiter.start()
    while gate._waiting == 0:
        threading.Event().wait(0.001)
    assert not gate.enter()
    gate.leave(0.1)
    waiter.join(60)
    assert entered == [True]


def test_who_waits_too_long_is_let_go():
    gate = Gate(slots=1, queue=4, wait_s=0.01)
    assert gate.enter()
    assert not gate.enter()
    gate.leave(0.1)
    assert gate.enter()


def test_when_to_come_again_grows_with_what_requests_take():
    gate = Gate(slots=1, queue=0, wait_s=1)
    assert gate.retry_after_s() == 1
    for _ in range(200):
        assert gate.enter()
        gate.leave(30.0)
    assert 25 <= gate.retry_after_s() <= 30


def test_a_gate_without_slots_is_refused():
    with pytest.raises(ValueError, match="slot"):
        Gate(slots=0, queue=1, wait_s=1)
