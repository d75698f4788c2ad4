"""Start a process that outlives us; run as a script, with the order as JSON on standard input.

This stands in between and ends at once, so the node belongs to no one who could forget to wait for it, is in
a session of its own (Ctrl-C in the terminal does not reach it), and is never a zombie of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Read ``{command, cwd, log, env, popen}``, start the command, print its process id."""
    order: dict[str, Any] = json.load(sys.stdin)
    with Path(order["log"]).open("wb") as log:
        process = subprocess.Popen(
            order["command"],
            cwd=order["cwd"],
            env=order["env"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **order["popen"],
        )
    sys.stdout.write(f"{process.pid}\n")


if __name__ == "__main__":
    main()
