"""How long a killed node of three is missed, and whether anything is lost.

``python -m benchmarks.failover [--rounds 3]``.

Starts a cluster of three nodes and a service over it in a temporary folder, with a catalogue of 100 products that has
its replica. Each round kills (``kill -9``) first the node that holds the primary, then the one that leads the cluster,
while two clients search, one sends events and one writes documents; the node comes back before the next kill. Prints
a line of JSON a kill.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from pathlib import Path

from service.settings import Settings
from tests.engine.failover import deployment, kill_one


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
    downloads = Settings().home / "engine" / "downloads"
    with tempfile.TemporaryDirectory() as folder, deployment(Path(folder), downloads) as there:
        for _ in range(given.rounds):
            for what in ("primary", "manager"):
                print(json.dumps(kill_one(what, there).as_dict()), flush=True)


if __name__ == "__main__":
    main()
