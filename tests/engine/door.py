"""A door between the OpenSearch plugin and the service: it passes calls on, or behaves as a service in trouble does."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

Trouble = Callable[["Handler", str, bytes], None]


class Door(ThreadingHTTPServer):
    """Listens on a free port of loopback.

    Attributes:
        target: URL of the service that calls are passed on to.
        trouble: what to do with a call instead; ``None`` passes it on.
        seen: (path, headers, body) of each call.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target: str | None = None
        self.trouble: Trouble | None = None
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.mend()
        self.shutdown()
        self.server_close()

    def mend(self) -> None:
        """Pass calls on again, and let go of those that are held."""
        self.trouble = None
        self.released.set()
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """The plugin gives up calls in the middle; that is what is tested."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Door
    timeout = 300

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.path, dict(self.headers.items()), body))
        if self.server.trouble is not None:
            self.server.trouble(self, self.path, body)
            return
        if self.server.target is None:
            self.close_connection = True
            return
        status, answer = self.passed_on(body)
        self.answer(status, answer)

    def passed_on(self, body: bytes) -> tuple[int, bytes]:
        """The service's own answer."""
        parts = urlsplit(self.server.target or "")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
        try:
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}
            }
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def gone(handler: Handler, path: str, body: bytes) -> None:
    """Hang up without a word."""
    handler.close_connection = True


def silent(handler: Handler, path: str, body: bytes) -> None:
    """Take the call and answer nothing until the door is mended."""
    handler.server.released.wait(300)
    handler.close_connection = True


def trickling(handler: Handler, path: str, body: bytes) -> None:
    """Answer the headers and then nothing more."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    silent(handler, path, body)


def failing(handler: Handler, path: str, body: bytes) -> None:
    """A server error."""
    handler.answer(503, b'{"type":"urn:hybridrank:problem:engine-unavailable"}')


def garbage(handler: Handler, path: str, body: bytes) -> None:
    """Something that is no JSON."""
    handler.answer(200, b"\x00<html>{[")


def another_kind(handler: Handler, path: str, body: bytes) -> None:
    """JSON that is no answer to this."""
    handler.answer(200, b'{"rewrite":true,"body":{"query":{"nonsense":{}}},"page":{"a":1},"documents":[1]}')


def too_few(handler: Handler, path: str, body: bytes) -> None:
    """A page that lacks a hit; other calls pass."""
    status, answer = handler.passed_on(body)
    if path == "/v1/plugin/rank":
        value = json.loads(answer)
        value["page"] = value["page"][:-1]
        answer = json.dumps(value).encode()
    handler.answer(status, answer)


TROUBLES = (gone, silent, trickling, failing, garbage, another_kind, too_few)
