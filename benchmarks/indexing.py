"""Products per second of the indexer beside raw ``helpers.bulk`` of opensearch-py, on the same documents.

``python -m benchmarks.indexing CATALOGUE.jsonl.gz [--rounds N] [--encoding-rounds N]``; writes to catalogues of its own
in ``OPENSEARCH_URL`` and deletes them. The ways are interleaved and medians are printed, so that a busy machine hurts
them alike.

- ``raw``: ``helpers.bulk`` of documents that lie ready in memory, vectors included; then a refresh.
- ``index``: the whole of ``hybridrank index`` on the file (reading twice, checking, comparing, writing, refresh) with
  vectors that are known beforehand, so that the encoder costs nothing.
- ``again``: the same on a catalogue that is there already and unchanged.
- ``encoding``: ``index`` with the real encoder, beside the encoder alone followed by ``raw``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from opensearchpy import helpers

from indexer import Summary, run
from indexer.checking import Checker
from indexer.readers import read
from indexer.records import Item, Row
from multimodal import EncoderId, Role, TextEncoder, Vectors, load_text_encoder
from plugin import catalogue as catalogues
from plugin.catalogue import EncoderInfo
from plugin.client import Engine
from plugin.document import OWN, SOURCE_SHA, TEXT_SHA, TEXT_VECTOR
from plugin.install import install
from service.engine import engine_from
from service.settings import Settings

from .rows import Row as PageRow

NAME = "bench-indexing"


@dataclass
class Known:
    """An encoder that knows its texts beforehand: the vectors are the real encoder's."""

    id: EncoderId
    vectors: dict[str, Any]

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Look the texts up."""
        assert role == "document"
        return np.stack([self.vectors[text] for text in texts])


def items_of(path: Path) -> list[Item]:
    """The catalogue's products, checked."""
    checked = [Checker().item(row) for row in read(path) if isinstance(row, Row)]
    return [one for one in checked if isinstance(one, Item)]


def delete(engine: Engine) -> None:
    """Delete the benchmark's catalogue."""
    for index in engine.request("GET", f"/hybridrank-catalogue.*.{NAME}.*"):
        engine.request("DELETE", f"/{index}")


def raw(engine: Engine, items: list[Item], encoder: Known) -> float:
    """Seconds of ``helpers.bulk`` into an index of the same mapping."""
    info = EncoderInfo(encoder.id.name, encoder.id.revision, encoder.id.dimension)
    index = catalogues.create_generation(engine, NAME, text_encoder=info)
    actions = [
        {
            "_index": index,
            "_id": item.id,
            "_source": {
                **item.source,
                OWN: {SOURCE_SHA: item.source_sha, TEXT_SHA: item.text_sha},
                TEXT_VECTOR: encoder.vectors[item.text].tolist(),
            },
        }
        for item in items
    ]
    started = time.perf_counter()
    written, _ = helpers.bulk(engine.client, actions, chunk_size=500, request_timeout=120)
    engine.request("POST", f"/{index}/_refresh", timeout_s=120)
    seconds = time.perf_counter() - started
    assert written == len(items)
    return seconds


def index(engine: Engine, path: Path, encoder: TextEncoder) -> Summary:
    """One whole run."""
    with tempfile.TemporaryDirectory() as home:
        return run([path], engine=engine, catalogue=NAME, home=Path(home), encoder=encoder)


def machine() -> str:
    """Which machine this is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())
    return f"{model}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}"


def known_vectors(items: Sequence[Item], real: TextEncoder) -> Known:
    """The real encoder's vectors, beforehand."""
    texts = [item.text for item in items]
    return Known(real.id, dict(zip(texts, real.encode(texts), strict=True)))


def measure(engine: Engine, path: Path, items: list[Item], known: Known, rounds: int) -> dict[str, list[float]]:
    """Seconds of ``raw``, ``index`` and ``again``, in turn."""
    seconds: dict[str, list[float]] = {"raw": [], "index": [], "again": []}
    install(engine)
    for round_number in range(rounds):
        for way in ("raw", "index") if round_number % 2 else ("index", "raw"):
            delete(engine)
            if way == "raw":
                seconds[way].append(raw(engine, items, known))
                continue
            first = index(engine, path, known)
            again = index(engine, path, known)
            assert (first.indexed, again.unchanged, again.encoded) == (len(items), len(items), 0)
            seconds["index"].append(first.seconds)
            seconds["again"].append(again.seconds)
    delete(engine)
    return seconds


def row(engine: Engine, path: Path, rounds: int) -> PageRow:
    """The page's row: products per second of a file."""
    settings, items = Settings(), items_of(path)
    known = known_vectors(items, load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads))
    seconds = measure(engine, path, items, known, rounds)
    values = {
        "raw helpers.bulk": [len(items) / one for one in seconds["raw"]],
        "hybridrank index": [len(items) / one for one in seconds["index"]],
    }
    return PageRow("index", "products/s", values, f"{len(items)} products, vectors known beforehand in both")


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--encoding-rounds", type=int, default=1)
    arguments = parser.parse_args()
    settings = Settings()
    real = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
    items = items_of(arguments.catalogue)
    real.encode(["warm up"])
    started = time.perf_counter()
    known = known_vectors(items, real)
    encoder_alone = time.perf_counter() - started
    with engine_from(settings) as engine:
        seconds = measure(engine, arguments.catalogue, items, known, arguments.rounds) | {"encoding": []}
        for _ in range(arguments.encoding_rounds):
            delete(engine)
            seconds["encoding"].append(index(engine, arguments.catalogue, real).seconds)
        delete(engine)
    medians = {way: statistics.median(values) for way, values in seconds.items() if values}
    sequential = encoder_alone + medians["raw"]
    print(
        json.dumps(
            {
                "machine": machine(),
                "products": len(items),
                "seconds": {way: [round(value, 2) for value in values] for way, values in seconds.items()},
                "products_per_second": {way: round(len(items) / value) for way, value in medians.items()},
                "index_to_raw": round(medians["raw"] / medians["index"], 2),
                "encoder_alone_seconds": round(encoder_alone, 1),
                "encoder_alone_then_raw_products_per_second": round(len(items) / sequential, 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
