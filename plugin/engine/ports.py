"""Ports on loopback: is one free, and who holds it."""

from __future__ import annotations

import random
import socket

import psutil

from ..errors import LocalNodeError
from .configure import LOOPBACK


def is_free(port: int) -> bool:
    """Whether a server could listen on this port; raises :class:`LocalNodeError` when we may not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise LocalNodeError(f"port: {port} needs root; take one above 1023 with --port") from error
        except OSError:
            return False
    return True


QUIET_PORTS = range(20_000, 32_768)
"""Below those that systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere), any of which could
take a port between the moment it is chosen and the moment, perhaps after a restart, it is listened on."""


def free_ports(count: int) -> list[int]:
    """Some free ports, all different, drawn from :data:`QUIET_PORTS`.

    Raises:
        LocalNodeError: there are not so many.
    """
    found: list[int] = []
    for port in random.sample(QUIET_PORTS, len(QUIET_PORTS)):
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise LocalNodeError(f"fewer than {count} ports of {QUIET_PORTS.start} to {QUIET_PORTS.stop - 1} are free")


def holder(port: int) -> str:
    """Who listens on a port, in words; of another user's process the system may not tell."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            if connection.pid is None:
                return "a process of another user"
            return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "an unknown process"


def require_free(port: int) -> None:
    """Raise :class:`LocalNodeError`, naming the holder, when a port is taken."""
    if not is_free(port):
        raise LocalNodeError(f"port {port} is taken by {holder(port)}; choose another with --port")
