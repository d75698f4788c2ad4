"""Pictures by URL, from hosts that were allowed, and from nowhere else.

A host's name is resolved once, and the connection goes to that very address, so a second answer of the name service
cannot lead elsewhere. Addresses that are not public are refused, redirects are not followed, and size and time are
capped over the whole of a fetch.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from multimodal.errors import BadPicture

PORTS = {"http": 80, "https": 443}
CHUNK = 64 * 1024

Allowed = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet; the ways IPv6 wraps an IPv4 address are looked through."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take.

    Attributes:
        bytes: of the picture.
        seconds: for the whole of it, from the connection to the last byte.
    """

    bytes: int = 20 * 1024 * 1024
    seconds: float = 10.0


class WebPictures:
    """Fetches pictures. Thread-safe."""

    def __init__(
        self, hosts: Collection[str], limits: FetchLimits | None = None, *, allowed: Allowed = is_public
    ) -> None:
        """Allow hosts.

        Args:
            hosts: names as they stand in URLs, with ``:PORT`` where it is not the usual one. ``*.example.com`` allows
                every name below ``example.com``.
            limits: of one fetch.
            allowed: which addresses may be connected to.
        """
        self._hosts = frozenset(host.lower() for host in hosts)
        self._limits = limits or FetchLimits()
        self._allowed = allowed

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL.

        Raises:
            BadPicture: the URL may not be fetched, or could not be.
        """
        until = time.monotonic() + self._limits.seconds
        parts = self._checked(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        address = self._resolved(host, port)
        connection = _Pinned(host, port, address, secure=parts.scheme == "https", timeout=self._limits.seconds)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("GET", target, headers={"Accept": "image/*", "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise BadPicture(f"the host answered with status {answer.status}")
            return self._read(answer, connection, until)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, BadPicture):
                raise
            raise BadPicture(f"could not be fetched ({type(error).__name__})") from None
        finally:
            connection.close()

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadPicture("is no URL") from None
        if parts.scheme not in PORTS:
            raise BadPicture("is no URL of http or https")
        if parts.username is not None or parts.password is not None:
            raise BadPicture("holds a login; URLs with one are not fetched")
        host = (parts.hostname or "").lower()
        shown = host if port in {None, PORTS[parts.scheme]} else f"{host}:{port}"
        parents = [f"*{shown[place:]}" for place, char in enumerate(shown) if char == "."]
        if not host or not self._hosts.intersection([shown, *parents]):
            raise BadPicture("lies on a host that is not allowed")
        if any(ord(char) <= 32 or ord(char) > 126 for char in f"{parts.path}{parts.query}"):
            raise BadPicture("holds characters that a URL cannot; encode them as %XX")
        return parts

    def _resolved(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise BadPicture("its host has no address") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise BadPicture("its host has an address that is not public")
        return addresses[0]

    def _read(self, answer: http.client.HTTPResponse, connection: _Pinned, until: float) -> bytes:
        if answer.length is not None and answer.length > self._limits.bytes:
            raise BadPicture(f"has {answer.length} bytes, more than {self._limits.bytes}")
        data = bytearray()
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise BadPicture(f"did not come within {self._limits.seconds:g} s")
            if connection.sock is not None:
                connection.sock.settimeout(left)
            chunk = answer.read1(CHUNK)
            if not chunk:
                return bytes(data)
            data += chunk
            if len(data) > self._limits.bytes:
                raise BadPicture(f"has more than {self._limits.bytes} bytes")


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name service says by now."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address
        self._secure = secure
        self.default_port = PORTS["https" if secure else "http"]

    def connect(self) -> None:
        """Connect to the address; the certificate is checked against the name."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        self.sock = plain
