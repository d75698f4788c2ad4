"""A loopback proxy in front of the real OpenSearch that makes trouble by a seeded schedule and forwards the rest."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ANY = ("429", "503", "502", "504", "reset", "reset_after_commit", "timeout_after_commit", "delay", "truncated")
"""Kinds that can meet every request."""
WHOLE = (*ANY, "items")
"""Kinds that can meet a ``_bulk``; ``items`` is an overloaded node that takes some of the documents."""


class TroubleProxy:
    """Forwards to ``target``; a share of the requests meets one kind of trouble.

    Attributes:
        made: how often each kind of trouble was made.
        share: of the ``_bulk`` and ``_mget`` requests that meet trouble.
        elsewhere: of all other requests; an install alone is dozens of them, each of which has to succeed.
        surely: whether the first ``_bulk`` meets trouble where nothing did before, so that no schedule has none.
        max_body: bytes of the biggest ``_bulk`` that is let through; larger ones get 413.
        stall_s: how long ``timeout_after_commit`` holds an answer before it drops the connection.
    """

    def __init__(
        self,
        target: str,
        *,
        seed: int,
        share: float,
        kinds: tuple[str, ...] = WHOLE,
        max_body: int,
        elsewhere: float = 0.0,
        surely: bool = False,
        stall_s: float = 2.0,
    ) -> None:
        parts = urlsplit(target)
        self.target = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self.share = share
        self.kinds = kinds
        self.max_body = max_body
        self.elsewhere = elsewhere
        self.surely = surely
        self.stall_s = stall_s
        self.made: Counter[str] = Counter()
        self._random = random.Random(seed)
        self.lock = threading.RLock()

    def draw(self, path: str, size: int) -> str | None:
        """The trouble of the next request, or ``None``."""
        name = path.split("?", maxsplit=1)[0].rpartition("/")[2]
        with self.lock:
            share = self.share if name in {"_bulk", "_mget"} else self.elsewhere
            if size > self.max_body and name == "_bulk":
                kind: str | None = "413"
            else:
                due = self._random.random() < share or (self.surely and name == "_bulk" and not self.made)
                kind = self._random.choice(self.kinds) if due else None
            if kind == "items" and name != "_bulk":
                kind = "503"
            if kind:
                self.made[kind] += 1
            return kind

    def pick(self, count: int) -> list[int]:
        """Statuses of the items of one bulk request: 0 lets an item through."""
        with self.lock:
            return [self._random.choice((0, 429, 503)) for _ in range(count)]

    def pause(self) -> float:
        """Seconds of one ``delay``."""
        with self.lock:
            return self._random.uniform(0.01, 0.2)


@contextmanager
def running(proxy: TroubleProxy) -> Iterator[str]:
    """Serve it on a free port; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one segment: else the client's delayed acknowledgement costs 40 ms each
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = proxy.draw(self.path, len(body))
            if kind in {"429", "503", "502", "504", "413"}:
                self._answer(int(kind), b'{"error":{"type":"made","reason":"trouble"}}')
            elif kind == "reset":
                self._drop()
            elif kind == "items":
                self._some_items(body)
            else:
                if kind == "delay":
                    threading.Event().wait(proxy.pause())
                self._pass_on(body, kind)

        def _pass_on(self, body: bytes, kind: str | None) -> None:
            try:
                status, answer = self._forward(body)
            except (OSError, HTTPException):
                self._drop()  # the engine itself is away
                return
            if kind == "timeout_after_commit":
                threading.Event().wait(proxy.stall_s)
            if kind in {"reset_after_commit", "timeout_after_commit"}:
                self._drop()
            elif kind == "truncated" and self.command != "HEAD":
                self._answer(status, answer[: len(answer) // 2], told=len(answer))
                self._drop()
            else:
                self._answer(status, answer)

        def _some_items(self, body: bytes) -> None:
            """Let some items through, and answer 429 or 503 for the others, as an overloaded node does."""
            lines = body.splitlines(keepends=True)
            pairs = list(zip(lines[::2], lines[1::2], strict=True))
            fates = proxy.pick(len(pairs))
            passed = b"".join(a + b for (a, b), fate in zip(pairs, fates, strict=True) if not fate)
            items = iter(json.loads(self._forward(passed)[1])["items"] if passed else [])
            merged = []
            for (meta, _), fate in zip(pairs, fates, strict=True):
                ((action, about),) = json.loads(meta).items()
                error = {"type": "rejected_execution_exception", "reason": "made"}
                merged.append({action: {"_id": about["_id"], "status": fate, "error": error}} if fate else next(items))
            self._answer(200, json.dumps({"errors": True, "items": merged}).encode())

        def _forward(self, body: bytes) -> tuple[int, bytes]:
            connection = HTTPConnection(*proxy.target, timeout=60)
            try:
                connection.request(self.command, self.path, body or None, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        def _answer(self, status: int, body: bytes, told: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if told is None else told))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _drop(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 - names that the base class asks for

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that went away is what this server is for."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
