"""``hybridrank bench`` takes what ``python -m benchmarks`` takes, and names what it cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = "from service.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "bench", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_work_that_does_not_exist_is_named(tmp_path):
    done = bench(ROOT, "--only", "nonsense", "--out", str(tmp_path / "bench.html"))
    assert done.returncode == 2
    assert "nonsense" in done.stderr
