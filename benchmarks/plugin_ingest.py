"""``_bulk`` through the plugin's ingest processor beside ``hybridrank index``, the same new products, in turn.

``python -m benchmarks.plugin_ingest products.jsonl [--products 200] [--rounds 2]``: OPENSEARCH_URL is an engine whose
plugin finds a running service; HYBRIDRANK_HOME has its encoder. Catalogues ``bench-ingest-*`` are made and deleted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plugin import catalogue
from plugin.catalogue import EncoderInfo
from plugin.client import Engine
from plugin.names import PLUGIN
from service.engine import engine_from
from service.parts import Parts
from service.settings import Settings


def by_bulk(engine: Engine, name: str, lines: list[str]) -> float:
    """Seconds of one ``_bulk`` request, its refresh included."""
    parts = [part for line in lines for part in (json.dumps({"index": {"_id": json.loads(line)["id"]}}), line)]
    body = ("\n".join(parts) + "\n").encode()
    started = time.perf_counter()
    answer = engine.request("POST", f"/{name}/_bulk", body, {"pipeline": PLUGIN, "refresh": "true"}, 600)
    assert not answer["errors"]
    return time.perf_counter() - started


def by_index(name: str, file: Path) -> float:
    """Seconds as the command itself counts them."""
    command = [sys.executable, "-m", "service", "index", str(file), "--index", name, "--json"]
    made = subprocess.run(command, capture_output=True, check=True, text=True)
    return float(json.loads(made.stdout)["seconds"])


def main() -> None:
    """Print products a second of each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("products", type=Path)
    parser.add_argument("--products", dest="count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    settings = Settings()
    lines = given.products.read_text("utf-8").splitlines()[: given.count]
    encoder = Parts(settings).encoders.default.id
    info = EncoderInfo(encoder.name, encoder.revision, encoder.dimension)
    speeds: dict[str, list[float]] = {"_bulk?pipeline=hybridrank": [], "hybridrank index": []}
    with engine_from(settings) as engine, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "products.jsonl"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        for turn in range(given.rounds):
            for way, found in speeds.items():
                name = f"bench-ingest-{turn}"
                index = catalogue.create_generation(engine, name, text_encoder=info)
                catalogue.publish(engine, index)
                seconds = by_bulk(engine, name, lines) if way.startswith("_bulk") else by_index(name, file)
                found.append(len(lines) / seconds)
                catalogue.delete_index(engine, index)
    for way, found in speeds.items():
        print(f"{way:28} {statistics.median(found):7.1f} products/s, median of {len(found)}")


if __name__ == "__main__":
    main()
