"""Generated catalogues of any size, and their loading: ``python -m benchmarks.growth_catalogue PRODUCTS [--from N]``.

Titles are eight words, drawn by Zipf's law from the words of the shipped tokenizer, so a query finds a few or very many
products, as in a real catalogue. A product's vector is the mean of the real encoder's vectors of its words, with noise,
of unit length: so queries that the real encoder encodes lie among them. Documents are light (no description) and go in
by raw ``_bulk``: what grows is the engine's work, not the encoder's. The catalogue ``growth-PRODUCTS`` is made in
``OPENSEARCH_URL``; ``--from`` and ``--to`` load a part, so that a long load can be cut into pieces.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ranker
from multimodal import TextEncoder, load_text_encoder
from plugin import catalogue as catalogues
from plugin.catalogue import EncoderInfo
from plugin.client import Engine
from plugin.errors import EngineUnavailable, UnknownCatalogue
from plugin.install import install
from service.engine import engine_from
from service.settings import Settings

CHUNK = 1000
VOCABULARY = 5000
TITLE_WORDS = 8
NOISE = 0.5


def name_of(products: int) -> str:
    """The catalogue's name."""
    return f"growth-{products}"


@cache
def words() -> list[str]:
    """The vocabulary, commonest first."""
    (file,) = sorted(Path(ranker.__file__).parent.glob("models/*/tokenizer.json"))[:1]
    known = json.loads(file.read_text())["model"]["vocab"]
    ordered = sorted(known, key=known.__getitem__)
    return [word for word in ordered if word.isalpha() and word.isascii() and len(word) >= 3][:VOCABULARY]


def zipf(dice: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Ranks of words: the r-th commonest with probability proportional to 1 / (r + 10)."""
    weights = 1.0 / (np.arange(VOCABULARY) + 10.0)
    return np.searchsorted(np.cumsum(weights) / weights.sum(), dice.random(shape))


def queries(count: int, seed: int = 7) -> list[str]:
    """Different queries of two or three words."""
    dice = np.random.default_rng(seed)
    vocabulary = words()
    made: dict[str, None] = {}
    while len(made) < count:
        made[" ".join(vocabulary[rank] for rank in zipf(dice, (int(dice.integers(2, 4)),)))] = None
    return list(made)


def vectors_of_words(encoder: TextEncoder, home: Path) -> NDArray[np.float32]:
    """Shape (VOCABULARY, dimension); kept in the home, for they take a minute."""
    file = home / f"growth-words-{encoder.id.revision[:12]}.npy"
    if not file.exists():
        np.save(file, encoder.encode(words()))
    table: NDArray[np.float32] = np.load(file)
    return table


def lines(start: int, count: int, table: NDArray[np.float32]) -> bytes:
    """The ``_bulk`` body of products ``start`` to ``start + count - 1``; the same whenever it is made."""
    dice = np.random.default_rng([start, 11])
    ranks = zipf(dice, (count, TITLE_WORDS))
    vectors = table[ranks].mean(1) + dice.standard_normal((count, table.shape[1])) * NOISE / table.shape[1] ** 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    brands, places, prices = dice.integers(0, 500, count), dice.integers(0, 200, count), dice.lognormal(3, 1, count)
    vocabulary = words()
    parts: list[str] = []
    for row in range(count):
        title = " ".join(vocabulary[rank] for rank in ranks[row])
        category = [f"Department {places[row] // 20}", f"Shelf {places[row]}"]
        plain: dict[str, object] = {
            "id": str(start + row),
            "title": title,
            "brand": f"Brand {brands[row]}",
            "category": category,
        }
        plain |= {"price": round(float(prices[row]), 2), "in_stock": bool(row % 10)}
        vector = ",".join(map("%.4f".__mod__, vectors[row]))
        parts.append(f'{{"index":{{"_id":"{start + row}"}}}}\n{json.dumps(plain)[:-1]},"text_vector":[{vector}]}}\n')
    return "".join(parts).encode()


def make(engine: Engine, products: int, encoder: TextEncoder) -> str:
    """The catalogue's index, made where it is not there."""
    install(engine)
    try:
        return catalogues.lookup(engine, name_of(products)).index
    except UnknownCatalogue:
        info = EncoderInfo(encoder.id.name, encoder.id.revision, encoder.id.dimension)
        settings = {"refresh_interval": "-1", "translog.durability": "async"}
        index = catalogues.create_generation(engine, name_of(products), text_encoder=info, settings=settings)
        catalogues.publish(engine, index)
        return index


def load(engine: Engine, index: str, table: NDArray[np.float32], first: int, last: int) -> None:
    """Write products ``first`` to ``last - 1`` by two requests at a time."""

    def send(start: int) -> None:
        body = lines(start, min(CHUNK, last - start), table)
        for pause in (1, 5, 20, 60, None):
            try:
                answer = engine.request("POST", f"/{index}/_bulk", body, timeout_s=300)
                if not answer["errors"]:
                    break
            except EngineUnavailable:
                if pause is None:
                    raise
            time.sleep(pause or 0)
        if sys.stderr.isatty():
            print(f"\r{start}", end="", file=sys.stderr)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, range(first, last, CHUNK)))


def main() -> None:
    """Load and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=int)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int)
    given = parser.parse_args()
    settings = Settings()
    encoder = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
    table = vectors_of_words(encoder, settings.home)
    started = time.perf_counter()
    with engine_from(settings) as engine:
        index = make(engine, given.products, encoder)
        load(engine, index, table, given.first, given.last or given.products)
        engine.request("POST", f"/{index}/_refresh", timeout_s=600)
        count = engine.request("GET", f"/{index}/_count")["count"]
        size = engine.request("GET", f"/{index}/_stats/store,segments")["_all"]["primaries"]
    print(
        json.dumps(
            {
                "index": index,
                "documents": count,
                "seconds": round(time.perf_counter() - started, 1),
                "bytes": size["store"]["size_in_bytes"],
                "segments": size["segments"]["count"],
            }
        )
    )


if __name__ == "__main__":
    main()
