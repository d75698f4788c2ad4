"""Whether a program's output depends on the hash seed of Python."""

from __future__ import annotations

import os
import subprocess
import sys


def outputs(program: str) -> set[str]:
    """What a program prints under two hash seeds: one element where they agree."""
    return {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    }
