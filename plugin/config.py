"""Where the cluster is and how to log in: one frozen value whose repr hides secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from .errors import EngineError


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """How to reach OpenSearch.

    Attributes:
        url: ``http[s]://[user:password@]host[:port][/prefix]``; several nodes are separated by commas.
        user: login; wins over one in the URL.
        password: its password; wins over one in the URL.
        ca: a PEM file with the certificate authority of an ``https`` cluster; ``None`` trusts the usual ones.
        timeout_s: seconds that one request may take, unless the call says otherwise.
    """

    url: str = field(default="http://127.0.0.1:9200", repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise EngineError("OPENSEARCH_USER and OPENSEARCH_PASSWORD: give both or neither")
        if self.ca is not None and not self.ca.is_file():
            raise EngineError(f"OPENSEARCH_CA: no file {str(self.ca)!r}")
        self.hosts()

    def __repr__(self) -> str:
        login = "yes" if self.login() else "no"
        return f"ClusterConfig({self.shown}, login={login}, ca={self.ca}, timeout_s={self.timeout_s})"

    @property
    def shown(self) -> str:
        """The address without login, for people and logs."""
        return ",".join(f"{part.scheme}://{_host(part)}:{_port(part)}{part.path.rstrip('/')}" for part in self._parts())

    def hosts(self) -> list[dict[str, Any]]:
        """The nodes in the form that opensearch-py takes; raises :class:`~plugin.errors.EngineError` on a bad URL."""
        return [
            {
                "host": _host(part),
                "port": _port(part),
                "use_ssl": part.scheme == "https",
                "url_prefix": part.path.strip("/"),
            }
            for part in self._parts()
        ]

    def login(self) -> tuple[str, str] | None:
        """User and password, or ``None`` when there are none."""
        if self.user is not None and self.password is not None:
            return self.user, self.password
        for part in self._parts():
            if part.username is not None:
                return unquote(part.username), unquote(part.password or "")
        return None

    def _parts(self) -> list[SplitResult]:
        parts = [urlsplit(text.strip()) for text in self.url.split(",") if text.strip()]
        if not parts or any(part.scheme not in {"http", "https"} or not part.hostname for part in parts):
            raise EngineError("OPENSEARCH_URL: expected http://HOST:PORT or https://HOST:PORT")
        if len({part.scheme for part in parts}) > 1:
            raise EngineError("OPENSEARCH_URL: all nodes must be http or all must be https")
        return parts


def _host(part: SplitResult) -> str:
    return part.hostname or ""


def _port(part: SplitResult) -> int:
    try:
        return part.port or (443 if part.scheme == "https" else 9200)
    except ValueError as error:
        raise EngineError("OPENSEARCH_URL: the port is not a number in 1..65535") from error
