"""Requests that are no HTTP, or more of it than is taken: answered as problems, logged without what they held.

gunicorn itself answers these with HTML and logs the line or the header at fault, in which a query or a key may stand,
and the caller's address.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

if TYPE_CHECKING:
    from .problems import Problem

log = logging.getLogger("hybridrank.service")

ANSWERS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.LimitRequestLine, 414, "The address is longer than this service takes; send fewer or shorter parameters."),
    (errors.LimitRequestHeaders, 431, "There are more, or longer, headers than this service takes."),
    (errors.ExpectationFailed, 417, "Only 100-continue can be expected."),
    (errors.ParseException, 400, "What was sent is not a request of HTTP/1.1."),
    (ssl.SSLError, 400, "What was sent is not TLS as this service speaks it."),
)
"""Status and detail of what the caller did wrong; the first class that fits. A transfer coding that nobody knows is a
400 too, not the 501 of RFC 9112: a 5xx would call whoever runs the service for what a stranger typed."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker of threads, with these answers."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer, and log the kind of the error alone."""
        from .problems import (
            Problem,
            without_message,
        )  # in a worker: nothing that loads models may come before the fork

        problem = problem_of(exc)
        if problem is None:
            log.error("unexpected %s before an answer", type(exc).__name__, exc_info=without_message(exc))
            problem = Problem(500, "internal-error", "Something went wrong here; the log says where.")
        else:
            log.info("no request: %s", type(exc).__name__)
        with contextlib.suppress(OSError):  # the client has gone: nobody waits for the answer
            write_nonblock(client, written(problem))


def problem_of(error: Exception) -> Problem | None:
    """What to answer; ``None`` where the caller is not at fault."""
    from .problems import Problem, kind_of

    if isinstance(error, errors.InvalidResponseHeader | errors.InvalidResponseHeaderName):
        return None
    for kind, status, detail in ANSWERS:
        if isinstance(error, kind):
            return Problem(status, kind_of(status), detail)
    return None


def written(problem: Problem) -> bytes:
    """A problem as an answer of HTTP/1.1, after which the connection ends."""
    from .problems import MEDIA_TYPE

    body = problem.text().encode("ascii")
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        "Connection: close",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        "X-Content-Type-Options: nosniff",
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body
