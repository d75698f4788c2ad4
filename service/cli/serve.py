"""``hybridrank serve``: the HTTP service."""

from __future__ import annotations

import ipaddress
import json
import os
import sys
import tempfile
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer

from .. import allowances, exposure
from ..gunicorn import Serving, check_port
from ..keys import KeyRing
from ..keystores import keystore_url
from ..settings import Settings
from .console import fail, one_line_errors, settings, stderr

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes, each with its own models.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, max=256, help="Requests of a worker at once.")]
DemoOption = Annotated[bool, typer.Option("--demo", help="No key needed; loopback only.")]


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: WorkersOption = 1,
    threads: ThreadsOption = 4,
    demo: DemoOption = False,
) -> None:
    """Serve the HTTP interface and the web page until stopped."""
    with one_line_errors():
        chosen = settings()
        if demo and not is_loopback(host):
            raise fail(f"--demo needs no key, so it listens on loopback only, not on {host}", 2)
        run(chosen, host=host, port=port, workers=workers, threads=threads, demo=demo)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(chosen: Settings, *, host: str, port: int, workers: int, threads: int, demo: bool) -> NoReturn:
    """Check what can be checked, then turn this process into the service.

    Raises:
        Exposed: it would let others in; see :mod:`service.exposure`.
        KeyStoreUnusable: the settings do not tell where the keys of people are.
        AllowanceError: allowances cannot be read, or not be counted by several workers.
        KeysError: without demo mode, the keys cannot be used.
        PortTaken: somebody else listens there.
    """
    exposure.check(chosen, host, demo=demo)
    keystore_url(chosen)
    allowances.of(chosen, workers=workers)
    if not demo:
        KeyRing(chosen.keys_path)
    check_port(host, port)
    environment = dict(os.environ)
    if workers > 1:
        environment["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="hybridrank-metrics-")
    given = {
        "serving": asdict(Serving(host, port, workers, threads, chosen.streams, chosen.queue)),
        "demo": demo,
        "metrics": environment.get("PROMETHEUS_MULTIPROC_DIR") if workers > 1 else None,
    }
    note = "demo mode, no key is needed, this machine only" if demo else "every call needs a key"
    stderr.print(f"hybridrank serves http://{host}:{port} ({note}); Ctrl-C stops it", soft_wrap=True)
    os.execve(sys.executable, [sys.executable, "-m", "service.serving", json.dumps(given)], environment)  # noqa: S606


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)
