"""A stream looks again as soon as its worker has written the visitor's records, and at nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from types import SimpleNamespace
from typing import cast

import pytest

from personal.visitor import Visitor
from service import streams
from service.parts import Parts
from service.recommend import Ask
from service.schemas.recommend import RecommendOut
from service.streams import Streams

WAIT_S = 60


class Records:
    """The version of the visitor's records, and what a stream asks of the other parts."""

    def __init__(self) -> None:
        self.version = 1
        profiles = SimpleNamespace(versions=lambda *_, **__: (self.version,))
        self.parts = cast(
            Parts,
            SimpleNamespace(
                settings=SimpleNamespace(opensearch_timeout_s=1.0, index="products"),
                people=SimpleNamespace(profiles=profiles),
                recommend=SimpleNamespace(answer=lambda _: RecommendOut(recommendations=[], took_ms=0.0)),
            ),
        )


@contextmanager
def followed(found: Streams, records: Records, owner: str) -> Iterator[tuple[Queue[str], threading.Thread]]:
    """What a stream sends after its first list, as it comes, and who reads it; ended afterwards."""
    ask = Ask(visitor=Visitor("shop", None, "a visit", owner))
    events: Iterator[str] = found.follow(records.parts, ask)
    sent: Queue[str] = Queue()

    def read() -> None:
        for event in events:
            sent.put(event)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert "id: 1\n" in sent.get(timeout=WAIT_S)
    yield sent, thread
    found.stopping = lambda: True
    found.changed(owner)
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert sent.empty()


def test_a_change_of_this_worker_is_looked_at_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "POLL_S", 3600.0)  # a look by the clock would come too late for this test
    found, records = Streams(most=2), Records()
    with followed(found, records, "s.one") as (sent, _):
        for version in (2, 3):
            records.version = version
            found.changed("s.one")
            assert f"id: {version}\n" in sent.get(timeout=WAIT_S)


def test_others_changes_wake_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "POLL_S", 3600.0)
    found, records = Streams(most=2), Records()
    with followed(found, records, "s.one") as (sent, thread):
        records.version = 2
        for owner in ("s.two", "s.three"):
            found.changed(owner)
        thread.join(0.2)
        assert sent.empty()
        found.changed("s.one")
        assert "id: 2\n" in sent.get(timeout=WAIT_S)


def test_what_others_wrote_is_found_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "POLL_S", 0.01)
    found, records = Streams(most=2), Records()
    with followed(found, records, "s.one") as (sent, _):
        records.version = 2
        assert "id: 2\n" in sent.get(timeout=WAIT_S)
