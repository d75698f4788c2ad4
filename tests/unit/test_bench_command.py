"""``hybridrank bench`` takes what ``python -m benchmarks`` takes, and names what it cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import search
from benchmarks.page import page
from benchmarks.rows import Row

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


def test_a_row_tells_the_ratio_of_each_round_and_the_page_all_of_them(tmp_path):
    beside = Row("search, cold", "ms", {"raw": [2.0, 4.0, 5.0], "ours <now>": [6.0, 8.0, 25.0]}, "remembers nothing")
    assert beside.ratio() == (3.0, 2.0, 5.0)
    alone = Row("memory", "MiB", {"a worker": [300.0]})
    assert alone.ratio() is None
    written = page("two cores, load 1.0", [beside, alone])
    assert "3.00 (2.00 to 5.00)" in written
    assert "ours &lt;now&gt;" in written
    assert written.count("<svg") == 1


def test_quantiles_and_the_interval_of_a_ratio():
    ours = [number / 1000 for number in range(1, 101)]
    assert search.quantiles(ours) == (51.0, 96.0, 100.0)
    stock = [0.010] * 100
    told = search.interval(ours, stock)
    assert told.startswith("5.0 (")
    low, high = (float(part) for part in told[5:-1].split(" to "))
    assert 3.0 < low < 5.05 < high < 7.0
