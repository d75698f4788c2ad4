"""Who waits goes first: an explanation stands aside while its worker answers anything else."""

from __future__ import annotations

import threading
import time

from flask import Flask, g, request

from .overload import EXEMPT

BESIDE = frozenset({"explain.explain"})
"""Endpoints that stand aside themselves."""


class Foreground:
    """The requests of one worker that others make way for. Thread-safe."""

    def __init__(self) -> None:
        self._idle = threading.Condition()
        self._under_way = 0

    def enter(self) -> None:
        """A request is under way from now on."""
        with self._idle:
            self._under_way += 1

    def leave(self) -> None:
        """It is answered."""
        with self._idle:
            self._under_way -= 1
            if not self._under_way:
                self._idle.notify_all()

    def make_way(self, until: float) -> None:
        """Wait until none is under way, or until a moment on :func:`time.monotonic`'s clock."""
        with self._idle:
            self._idle.wait_for(lambda: not self._under_way, max(0.0, until - time.monotonic()))


def install(app: Flask, foreground: Foreground) -> None:
    """Count every request but those that stand aside, streams, and what is open to anyone; after the guard."""

    @app.before_request
    def enter() -> None:
        if request.endpoint is None or request.endpoint in EXEMPT | BESIDE or g.rule.open:
            return
        foreground.enter()
        g.foreground = True

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("foreground", False):
            foreground.leave()
