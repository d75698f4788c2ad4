"""Some minutes of the soak (``python -m benchmarks.soak`` is half an hour): nothing fails, grows or stays open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_service import INDEX

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("more", [(), ("--replace",)])
def test_mixed_load_leaves_nothing_behind(more, engine_url, service_home, sample_index, tmp_path: Path):
    minutes = "1" if more else "5"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--index", INDEX, "--minutes", minutes, "--rate", "3", *more],
        env={
            **os.environ,
            "OPENSEARCH_URL": engine_url,
            "HYBRIDRANK_HOME": str(service_home),
            "PYTHONPATH": str(Path.cwd()),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["failed"] == {}
    assert told["requests"] == 60 * int(minutes) * 3
    if not more:
        for what, slack in (("resident_mib", 15), ("threads", 2), ("descriptors", 6)):
            assert len(told[what]) == 2, "two workers"
            assert all(worker["late"] <= worker["early"] + slack for worker in told[what].values()), told
