"""Streams of recommendations: a new list whenever the visitor's records change, whichever worker wrote them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from personal.errors import PersonalError
from plugin.errors import EngineError

from . import metrics
from .problems import Problem, of_error

if TYPE_CHECKING:
    from .parts import Parts
    from .recommend import Ask

POLL_S = 0.25
"""How often a stream looks whether anything has changed: one real-time get of versions, without content. What this
worker takes in itself it looks at without waiting."""
HEARTBEAT_S = 15.0
LIVES_S = 600.0
"""Then the client connects again, perhaps to another worker."""
RETRY_MS = 2000
PER_VISITOR = 4


class Streams:
    """Counts the open streams of one worker. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        self._changed = threading.Condition(self._lock)
        self._changes: Counter[str] = Counter()
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the worker is to end; set by who runs it."""

    def changed(self, owner: str) -> None:
        """Let the streams of an owner look at once: their records were just written by this worker."""
        with self._changed:
            if owner in self._open:
                self._changes[owner] += 1
                self._changed.notify_all()

    def follow(self, parts: Parts, ask: Ask, gone: Callable[[], bool] = lambda: False) -> Iterator[str]:
        """Open a stream.

        Args:
            parts: of the worker.
            ask: what is wanted, and for whom.
            gone: whether the client has closed the connection.

        Returns:
            Server-sent events: the list as it is, then a new one after each change of the visitor's records; comments
            keep the connection open.

        Raises:
            Problem: there is nobody to follow, or too many streams are open.
            UnknownCatalogue, EngineError: what the first list raises, before anything is sent.
        """
        owner = ask.visitor.owner
        if owner is None:
            raise Problem(
                422,
                "nobody-to-follow",
                "A stream follows a person or a visit: send X-Hybridrank-Session or X-Hybridrank-Person.",
                [("X-Hybridrank-Session", "missing")],
            )
        with self._lock:
            if self._open.total() >= self._most or self._open[owner] >= PER_VISITOR:
                metrics.STREAMS_REFUSED.inc()
                detail = "Too many streams are open; close one or try again."
                raise Problem(503, "too-many-streams", detail, headers={"Retry-After": str(RETRY_MS // 1000)})
            self._open[owner] += 1
        metrics.STREAMS.inc()
        try:
            version = self._version(parts, ask)
            first = _list(parts, ask, version)
        except BaseException:
            self._close(owner)
            raise
        later = self._later(parts, ask, owner, version, gone)
        return _Closing(chain([f"retry: {RETRY_MS}\n\n{first}"], later), lambda: self._close(owner))

    def _close(self, owner: str) -> None:
        with self._lock:
            self._open[owner] -= 1
            self._open += Counter()  # drops who has none
            if owner not in self._open:
                del self._changes[owner]
        metrics.STREAMS.dec()

    def _waited(self, owner: str, changes: int) -> int:
        """Wait until this worker changed the owner's records, :data:`POLL_S` at most.

        Args:
            owner: whose stream waits.
            changes: how many changes it has looked at.

        Returns:
            How many there are now; no look after this misses one of them.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._changes[owner] != changes, POLL_S)
            return self._changes[owner]

    def _later(
        self, parts: Parts, ask: Ask, owner: str, version: tuple[int, ...], gone: Callable[[], bool]
    ) -> Iterator[str]:
        """The lists after the first, one for each change of what was seen at ``version``."""
        begun = sent = time.monotonic()
        changes = 0
        while not self.stopping() and not gone() and time.monotonic() - begun < LIVES_S:
            changes = self._waited(owner, changes)
            try:
                seen = self._version(parts, ask)
                if seen != version:
                    yield _list(parts, ask, seen)
                    version, sent = seen, time.monotonic()
            except (EngineError, PersonalError, Problem) as error:
                # The next look may succeed; until then the client knows why nothing comes.
                metrics.WITHOUT.labels("stream", type(error).__name__).inc()
                yield _problem(error)
                sent = time.monotonic()
                time.sleep(RETRY_MS / 1000)
            if time.monotonic() - sent >= HEARTBEAT_S:
                yield ": still here\n\n"
                sent = time.monotonic()

    def _version(self, parts: Parts, ask: Ask) -> tuple[int, ...]:
        limit = parts.settings.opensearch_timeout_s
        index = ask.index or parts.settings.index
        return parts.people.profiles.versions(ask.visitor, index, timeout_s=limit)


class _Closing:
    """An iterator that lets go of its place however it ends, also when it was never begun."""

    def __init__(self, inner: Iterator[str], close: Callable[[], None]) -> None:
        self._inner = inner
        self._close: Callable[[], None] | None = close

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._inner)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Called by the server when the client has gone."""
        close, self._close = self._close, None
        if close is not None:
            close()


def _list(parts: Parts, ask: Ask, version: tuple[int, ...]) -> str:
    found = parts.recommend.answer(ask)
    data = found.model_dump_json(exclude_none=True)
    return f"event: recommendations\nid: {'.'.join(map(str, version))}\ndata: {data}\n\n"


def _problem(error: Exception) -> str:
    problem = of_error(error) or Problem(503, "stream-interrupted", "The list cannot be made now; it will be.")
    return f"event: problem\ndata: {json.dumps(problem.body())}\n\n"
