"""What must not be served: a debugger, secrets that anybody could guess, plain HTTP where others listen."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

from . import persons
from .keystores import master_keys
from .settings import Settings

DEBUG: Mapping[str, frozenset[str]] = {
    "FLASK_DEBUG": frozenset({"", "0", "false", "no"}),
    "FLASK_ENV": frozenset({"", "production"}),
    "PYTHONBREAKPOINT": frozenset({"", "0"}),
    "WERKZEUG_DEBUG_PIN": frozenset(),
}
"""Environment variables that turn a debugger on, or prepare one, and the values with which they do not."""


class Exposed(OSError):
    """What was asked for would let others in."""


def check(settings: Settings, host: str, *, demo: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to begin where beginning would expose somebody.

    Args:
        settings: what the service is started with.
        host: the address that it is to listen on.
        demo: whether it is the demo, which listens on loopback only.
        environment: of the process.

    Raises:
        Exposed: a debug flag is set, or the address can be reached by others and nothing ends TLS before it.
        SecretUnusable: a master key that somebody made up.
        KeysError: a signing key that somebody made up.
    """
    for name, harmless in DEBUG.items():
        if name in environment and environment[name].lower() not in harmless:
            raise Exposed(f"{name}: a debugger lets callers run code; unset it")
    if not demo and reachable(host) and not settings.tls_by_proxy:
        raise Exposed(
            f"--host {host}: others can listen in, for this is plain HTTP; put a proxy with TLS before it and set "
            "HYBRIDRANK_TLS_BY_PROXY=true, or listen on 127.0.0.1"
        )
    if settings.master_keys is not None or settings.master_keys_path.exists():
        master_keys(settings)
    if settings.person_keys_path.exists():
        persons.read(settings.person_keys_path)


def reachable(host: str) -> bool:
    """Whether an address to listen on can be reached from outside: a public one, every one, or a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost"
    return address.is_unspecified or address.is_global
