"""Indexing through seeded schedules of trouble: is anything lost, written twice, or unaccounted for?

``python -m benchmarks.faults [--schedules 500] [--documents 500] [--first 0]``; writes to catalogues of its own in
``OPENSEARCH_URL`` and deletes them. Each schedule is a catalogue with bad lines and replaced lines, indexed twice
through a loopback proxy that answers 413, 429, 502, 503 and 504, refuses single documents, holds answers back, resets
connections before and after the engine has written, cuts answers short, and lets a request time out after it was
written. What must hold is in ``tests/engine/fault_schedule.py``; the command ends with 1 when it did not, and names the
seeds.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from plugin.client import ClusterConfig, Engine
from service.engine import cluster_of
from service.settings import Settings
from tests.engine.fault_schedule import play


def main() -> None:
    """Play all schedules and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="seed of the first schedule")
    given = parser.parse_args()
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
    url = cluster_of(Settings()).shown
    made: Counter[str] = Counter()
    failed: dict[int, str] = {}
    retries, started = 0, time.perf_counter()
    with Engine(ClusterConfig(url, timeout_s=60)) as engine, tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.schedules):
            try:
                result = play(
                    engine, url, f"faults-{seed}", Path(folder) / str(seed), seed=seed, documents=given.documents
                )
            except Exception as error:  # noqa: BLE001 - whatever went wrong is this seed's result
                failed[seed] = f"{type(error).__name__}: {error}"[:300]
                continue
            made += result.made
            retries += result.retries
            if sys.stderr.isatty():
                print(f"\r{seed}", end="", file=sys.stderr)
    print(
        json.dumps(
            {
                "schedules": given.schedules,
                "documents": given.documents,
                "failed": failed,
                "trouble": dict(sorted(made.items())),
                "requests_sent_again": retries,
                "seconds": round(time.perf_counter() - started, 1),
            },
            indent=2,
        )
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
