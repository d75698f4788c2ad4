"""An explanation stands aside while anything else is answered."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from flask import Flask, g

from service.foreground import Foreground, install

FOREVER = 10**9


def waiting(foreground: Foreground) -> tuple[threading.Thread, threading.Event]:
    """Somebody who makes way, and what is set once they go on."""
    gone_on = threading.Event()

    def make_way() -> None:
        foreground.make_way(time.monotonic() + 3600)
        gone_on.set()

    thread = threading.Thread(target=make_way)
    thread.start()
    return thread, gone_on


def test_it_waits_for_the_last_request_and_no_longer() -> None:
    foreground = Foreground()
    foreground.make_way(FOREVER)
    foreground.enter()
    foreground.enter()
    thread, gone_on = waiting(foreground)
    foreground.leave()
    assert not gone_on.wait(0.05)
    foreground.leave()
    thread.join(60)
    assert gone_on.is_set()


def test_it_does_not_wait_beyond_its_time() -> None:
    foreground = Foreground()
    foreground.enter()
    foreground.make_way(time.monotonic() - 1)
    foreground.make_way(time.monotonic() + 0.01)


def test_requests_are_in_the_foreground_but_not_what_stands_aside_or_is_open() -> None:
    app, foreground = Flask("test"), Foreground()

    @app.before_request
    def guard() -> None:
        g.rule = SimpleNamespace(open=False)

    install(app, foreground)
    seen: dict[str, int] = {}

    def view(name: str) -> str:
        seen[name] = foreground._under_way
        if name == "fails":
            raise ValueError
        return ""

    names = ("search.search", "fails", "explain.explain", "recommend.stream", "metrics.metrics")
    for name in names:
        app.add_url_rule(f"/{name}", name, lambda name=name: view(name))
    for name in names:
        app.test_client().get(f"/{name}")
    assert seen == {
        "search.search": 1,
        "fails": 1,
        "explain.explain": 0,
        "recommend.stream": 0,
        "metrics.metrics": 0,
    }
    foreground.make_way(FOREVER)
    assert foreground._under_way == 0
