"""gunicorn inside this program: workers of threads, models loaded in each worker after the fork."""

from __future__ import annotations

import contextlib
import errno
import gc
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from plugin.engine.ports import holder

from .badrequests import Worker

LINGER_BYTES = 256 * 1024 * 1024
LINGER_S = 3.0
BODY_TIMEOUT_S = 15.0
GARBAGE_AFTER = 10_000
"""New objects until Python looks among them for garbage; an answer of the engine alone is some thousands."""
SPARE = 4
"""Threads of a worker beyond slots, queue and streams: they refuse what is too much, and tell of health."""


class PortTaken(OSError):
    """The port cannot be listened on; the message names who has it, where that can be known."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve.

    Attributes:
        host: address to listen on.
        port: 0 takes a free one.
        workers: processes; each holds its own models.
        threads: requests that one worker answers at once.
        streams: streams that it keeps open beside them.
        queue: requests that wait while all threads are busy; see :mod:`service.overload`.
        graceful_s: how long a stop waits for requests under way.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 4
    streams: int = 8
    queue: int = 32
    graceful_s: int = 10


class Service(BaseApplication):  # type: ignore[misc]
    """The application under gunicorn.

    Args:
        make: makes the application; called in each worker.
        serving: how to serve.
        shared: the folder in which the workers count together.
    """

    def __init__(self, make: Callable[[], Flask], serving: Serving, *, shared: Path | None = None) -> None:
        self._make = make
        self._serving = serving
        self._shared = shared
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's settings; nothing is read from files or the environment."""
        serving = self._serving
        options: dict[str, Any] = {
            "bind": f"{_bracketed(serving.host)}:{serving.port}",
            "workers": serving.workers,
            "threads": serving.threads + serving.queue + serving.streams + SPARE,
            "worker_class": Worker,
            "worker_connections": 512,
            "keepalive": 5,
            "timeout": 120,
            "graceful_timeout": serving.graceful_s,
            "limit_request_line": 8190,
            "limit_request_fields": 64,
            "loglevel": "warning",
            "proc_name": "hybridrank",
            "post_worker_init": _post_worker_init,
            "worker_exit": _worker_exit,
            "child_exit": self._child_exit,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the worker."""
        app = self._make()
        app.wsgi_app = Lingering(app.wsgi_app)  # type: ignore[method-assign]
        return app

    def _child_exit(self, _server: Any, worker: Any) -> None:
        if self._shared is not None:
            from prometheus_client import multiprocess

            multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _post_worker_init(worker: Any) -> None:
    parts = worker.app.wsgi().extensions["hybridrank"]
    parts.streams.stopping = lambda: not worker.alive
    parts.load()
    # What is loaded stays: looking through it for garbage again and again made the slowest answers slower.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def _worker_exit(_server: Any, worker: Any) -> None:
    """Let go of models and connections while the interpreter is whole."""
    gc.unfreeze()
    if getattr(worker, "wsgi", None) is not None:  # a worker that could not start has none
        worker.app.wsgi().extensions["hybridrank"].close()


class Lingering:
    """Reads on after an early refusal, within bounds.

    A server that closes while the client still sends makes the client see a broken connection in place of the answer.
    """

    def __init__(self, inner: Callable[..., Any]) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        connection: socket.socket | None = environ.get("gunicorn.socket")
        if connection is not None:
            connection.settimeout(BODY_TIMEOUT_S)
        answer = self._inner(environ, start_response)
        try:
            yield from answer
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            _drain(environ)


def gone(environ: dict[str, Any]) -> bool:
    """Whether the client of a request has closed its connection; it sends nothing more while an answer streams."""
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def _drain(environ: dict[str, Any]) -> None:
    if environ.get("CONTENT_LENGTH", "0") in {"", "0"} and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    until = time.monotonic() + LINGER_S
    left = LINGER_BYTES
    with contextlib.suppress(OSError):  # the client has gone: there is nobody left to be kind to
        while left > 0 and time.monotonic() < until:
            chunk = environ["wsgi.input"].read(min(left, 1 << 20))
            if not chunk:
                return
            left -= len(chunk)


def check_port(host: str, port: int) -> None:
    """See whether the port is free.

    Raises:
        PortTaken: it is not; names the process where that can be known.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"port {port} on {host} cannot be used: {_why(error, port)}") from error


def _why(error: OSError, port: int) -> str:
    if error.errno != errno.EADDRINUSE:
        return error.strerror or type(error).__name__
    return f"taken by {holder(port)}; choose another with --port"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
