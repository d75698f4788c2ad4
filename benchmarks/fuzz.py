"""Malformed requests to every endpoint of a service that this starts; every answer is judged.

``OPENSEARCH_URL=... python -m benchmarks.fuzz [--inputs 100000]`` with the sample catalogue indexed. Prints JSON:
inputs and answers by endpoint, faults, workers that ended, seconds. A status other than 0 tells of a fault.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fixtures_service import settings_of, start_service
from tests.fuzz.campaign import Report, campaign, workers
from tests.fuzz.documented import drawn_from_document


def main() -> None:
    """Start, send, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--documented", type=int, default=20, help="Of each operation and mode, by Schemathesis.")
    parser.add_argument("--index", default="products")
    given = parser.parse_args()
    home, engine = Path(os.environ["HYBRIDRANK_HOME"]), os.environ["OPENSEARCH_URL"]
    wide = {**settings_of(engine, home), "HYBRIDRANK_INDEX": given.index, "HYBRIDRANK_RERANK_DEPTH": "1"}
    with tempfile.TemporaryDirectory() as folder:
        running = start_service(Path(folder), "--demo", **wide)
        try:
            before, started = workers(running.process.pid), time.monotonic()
            share = -(-given.inputs // given.threads)
            with ThreadPoolExecutor(given.threads) as pool:
                seeds = range(given.seed, given.seed + given.threads)
                parts = list(pool.map(lambda s: campaign(running.url, engine, given.index, share, seed=s), seeds))
            parts.append(drawn_from_document(running.url, engine, given.index, given.documented))
            seconds = time.monotonic() - started
            dead = len(before - workers(running.process.pid))
        finally:
            status = running.stop()
        unexpected = running.log.read_text().count("unexpected ")
    whole = Report()
    for part in parts:
        whole.add(part)
    told = {**whole.table(), "dead_workers": dead, "logged_unexpected": unexpected, "exit": status}
    print(json.dumps({**told, "seconds": round(seconds, 1), "load": os.getloadavg()}, indent=2, ensure_ascii=True))
    sys.exit(bool(whole.faults or dead or unexpected or status))


if __name__ == "__main__":
    main()
