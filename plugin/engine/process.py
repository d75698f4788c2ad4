"""The node's processes: started, found again, ended.

They are found by their command line, which names the node's own configuration folder, and never by a file
that holds a process id: such a file goes stale, and the number may by then be another program's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from ..errors import LocalNodeError
from .account import Account
from .configure import Node
from .java import Java

MAIN = "org.opensearch.bootstrap.OpenSearch"
_CONF = "-Dopensearch.path.conf="


def start_process(node: Node, distribution: Path, java: Java, account: Account | None) -> int:
    """Start one node in a session of its own and return its process id at once."""
    command = [
        str(java.executable),
        f"@{node.config / 'jvm.options'}",
        *java.options,
        f"-Dopensearch.path.home={distribution}",
        f"{_CONF}{node.config}",
        "-Dopensearch.distribution.type=tar",
        "-Dopensearch.bundled_jdk=false",
        "-cp",
        f"{distribution}/lib/*",
        MAIN,
    ]
    order = {
        "command": command,
        "cwd": str(node.folder),
        "log": str(node.folder / "logs" / "console.log"),
        "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENSEARCH_PATH_CONF": str(node.config)},
        "popen": account.popen() if account else {},
    }
    launched = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).with_name("launch.py"))],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    if launched.returncode != 0:
        reason = launched.stderr.strip().rpartition("\n")[2]
        raise LocalNodeError(f"the node {node.name} could not be started: {reason}")
    return int(launched.stdout)


def find_processes(run: Path) -> dict[str, psutil.Process]:
    """The live processes of the nodes under a run folder, by the name of the node."""
    found = {}
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if MAIN not in command:
            continue
        for argument in command:
            config = Path(argument.removeprefix(_CONF))
            if argument.startswith(_CONF) and config.parent.parent == run:
                found[config.parent.name] = process
    return found


def end_processes(run: Path, only: Sequence[str] | None = None, patience_s: float = 30.0) -> int:
    """Ask the nodes to end, wait, and kill what is left; returns how many there were.

    Args:
        run: the run folder whose nodes are meant.
        only: names of nodes; all when ``None``.
        patience_s: seconds to wait for an orderly end.

    Raises:
        LocalNodeError: a process is not ours to end, or survives.
    """

    def left() -> list[psutil.Process]:
        return [process for name, process in find_processes(run).items() if only is None or name in only]

    ended = len(left())
    for signal, patience in (("terminate", patience_s), ("kill", 10.0)):
        for process in left():
            try:
                getattr(process, signal)()
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied as error:
                raise LocalNodeError(
                    f"process {process.pid} runs as {process.username()}; stop it as that user or as root"
                ) from error
        until = time.monotonic() + patience
        while left() and time.monotonic() < until:
            time.sleep(0.1)
    if still := left():
        raise LocalNodeError(f"process {still[0].pid} does not end")
    return ended
