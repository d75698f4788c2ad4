"""A shell in which the commands of the pages are run: ``hybridrank`` on the path, and what trains made short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT

SHORTENED = {
    "train synthesise": "--queries 40",
    "train windows": "--per-signal 10 --unjudged 10",
    "train clicks": "--per-signal 10",
    "train finetune": "--epochs 0.2 --items 4",
    "train pretrain": "--epochs 0.2",
    "train tune": "--epochs 0.1 --trials 2 --minutes 0.1",
    "train sequence": "--epochs 1",
    "compress": "--epochs 0.05",
}
"""What makes training short here, after the options of the page: the last of an option counts."""

PRELUDE = r"""
set -euo pipefail
hybridrank() {
  case "$*" in SHORTENED
  esac
  if [ "$1" != serve ]; then "$PYTHON" -m service "$@"; return; fi
  "$PYTHON" -m service "$@" --port "$SERVICE_PORT" > serve.log 2>&1 &
  served=$!
  for _ in $(seq 600); do
    curl --silent --fail "http://127.0.0.1:$SERVICE_PORT/readyz" > ready.json && break
    kill -0 "$served" || { cat serve.log; exit 1; }
    sleep 0.5
  done
  test -s ready.json
  kill "$served"; wait "$served" || true
}
python() { "$PYTHON" "$@"; }
# Built and installed by tests of their own.
pip() { :; }
make() { :; }
"""


def run(commands: str, folder: Path, **environment: str) -> str:
    """Run commands in a folder, each of which must end well; returns what they printed."""
    cases = "".join(f'\n  "{name} "*|"{name}") set -- "$@" {more};;' for name, more in SHORTENED.items())
    done = subprocess.run(
        ["bash", "-c", PRELUDE.replace(" SHORTENED", cases) + commands],
        cwd=folder,
        env={
            **os.environ,
            "PYTHON": sys.executable,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "clients" / "python"))),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout
