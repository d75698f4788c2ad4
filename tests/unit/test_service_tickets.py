"""Tickets: what is sealed comes back, and nothing else does."""

from __future__ import annotations

import time

import pytest

from personal.pseudonyms import Pseudonyms
from service.problems import Problem
from service.tickets import VALID_S, Tickets

TICKETS = Tickets(Pseudonyms(b"k" * 32))
VALUE = {"text": "röd ✓", "window": 250, "pinned": {"p1": 1}}


def test_what_is_sealed_comes_back() -> None:
    assert TICKETS.open(TICKETS.seal(VALUE)) == VALUE


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: "x" + t, lambda t: t.replace(".", ""), lambda _: "", str.upper]
)
def test_an_altered_ticket_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Problem) as refused:
        TICKETS.open(change(TICKETS.seal(VALUE)))
    assert refused.value.errors[0][0] == "ticket"


def test_the_ticket_of_another_deployment_is_refused() -> None:
    with pytest.raises(Problem):
        Tickets(Pseudonyms(b"j" * 32)).open(TICKETS.seal(VALUE))


def test_an_old_ticket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = TICKETS.seal(VALUE)
    later = time.time() + VALID_S + 2
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Problem, match="too old"):
        TICKETS.open(ticket)
