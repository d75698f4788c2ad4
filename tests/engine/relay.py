"""A TCP relay in front of the real OpenSearch, which can be switched off: the engine going away without losing it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit


class Relay:
    """Listens on a free port of loopback and passes every connection on while it is up."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._on = True
        self._delay_s = 0.0
        self._forged: tuple[bytes, bytes] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        self._listener.close()

    def down(self) -> None:
        """Cut every connection, and every new one at once."""
        with self._lock:
            self._on = False
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._open.clear()

    def up(self) -> None:
        """Pass connections on again."""
        with self._lock:
            self._on = True

    def slow(self, seconds: float) -> None:
        """Hold every answer back for so long."""
        self._delay_s = seconds

    def forge(self, real: str, told: str) -> None:
        """Replace words of every answer by others of the same length; the same words take it back."""
        if len(real) != len(told):
            raise ValueError("an answer's length must not change")
        self._forged = (real.encode(), told.encode()) if real != told else None

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if not self._on:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink, source is far), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer:
                    time.sleep(self._delay_s)
                    data = data.replace(*self._forged) if self._forged else data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
