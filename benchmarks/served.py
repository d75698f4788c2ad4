"""A service in processes of its own, started for one measurement, so that what it remembers is known: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import psutil

from plugin.engine.ports import free_ports


@contextmanager
def served(
    index: str, *, workers: int = 1, threads: int = 4, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, psutil.Process]]:
    """Start ``hybridrank serve --demo``, wait until it is ready, and stop it afterwards.

    Args:
        index: the catalogue.
        workers: processes.
        threads: requests that each answers at once.
        environment: settings beside those of this process.

    Returns:
        its address, and the master's process.
    """
    (port,) = free_ports(1)
    arguments = ["--demo", "--port", str(port), "--workers", str(workers), "--threads", str(threads)]
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", *arguments],
        env={**os.environ, **(environment or {}), "HYBRIDRANK_INDEX": index},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    url, master = f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    try:
        while True:
            try:
                if httpx.get(url + "/readyz", timeout=60).status_code == 200 and len(master.children()) == workers:
                    break
            except httpx.TransportError:
                if process.poll() is not None:
                    raise SystemExit("the service did not start") from None
            time.sleep(0.3)
        yield url, master
    finally:
        process.terminate()
        process.wait(60)
