"""Our ways beside others', interleaved, on one page: ``python -m benchmarks`` (``make bench``, ``hybridrank bench``).

``python -m benchmarks [--only NAME ...] [--rounds N] [--pairs N] [--threads N] [--out bench.html]``. Needs the
``train`` and ``dev`` extras. The ways take turns in each round, so that what else the machine does falls on all alike;
a ratio is that of a round, given as median, lowest and highest. ``search``, ``index`` and ``suggest`` need an
OpenSearch at OPENSEARCH_URL on which hybridrank is installed; where none answers they are left out, which the page
says. Texts, products and queries are the sample catalogue's, or, for searches, ``--index`` and ``--queries``.
Quality is not measured here (``hybridrank evaluate``).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from indexer import run, sample
from multimodal import load_text_encoder
from plugin.catalogue import delete_index, lookup
from plugin.client import Engine
from plugin.document import passage
from plugin.errors import EngineError
from ranker.qrels import read_queries
from service.engine import engine_from
from service.settings import Settings

from . import indexing, reading, search, suggest, tovectors
from .page import page
from .rows import Row

INDEX = "bench-search"
QUERIES = 30


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for."""

    texts: Sequence[str]
    rounds: int
    threads: int
    index: str | None
    queries: Path | None


def searching(given: Given) -> list[Row]:
    """Searches beside the raw stock hybrid request, and the memory of the worker that answered them."""
    with engine_from(Settings()) as engine:
        if given.index is not None and given.queries is not None:
            texts = list(read_queries(given.queries).values())
            return search.rows(engine, given.index, search.Queries.of(texts, Settings()), given.rounds)
        asked = search.Queries.of([*chain(*sample.phrases().values())][:QUERIES], Settings())
        with catalogue(engine, given):
            return search.rows(engine, INDEX, asked, given.rounds)


def bulk(given: Given) -> list[Row]:
    """Indexing beside ``helpers.bulk``."""
    with engine_from(Settings()) as engine, products_file(given) as file:
        return [indexing.row(engine, file, given.rounds)]


@contextmanager
def products_file(given: Given) -> Iterator[Path]:
    """As many products of the sample catalogue as texts, in a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "products.jsonl"
        products = list(sample.generate(products=1000))[: len(given.texts)]
        file.write_text("".join(json.dumps(product) + "\n" for product in products), "utf-8")
        yield file


@contextmanager
def catalogue(engine: Engine, given: Given) -> Iterator[None]:
    """A catalogue of these products, deleted afterwards."""
    settings = Settings()
    encoder = load_text_encoder(settings.text_encoder, settings.home, threads=given.threads)
    with products_file(given) as file:
        run([file], engine=engine, catalogue=INDEX, home=file.parent, encoder=encoder)
    try:
        yield
    finally:
        delete_index(engine, lookup(engine, INDEX).index)


WORK: dict[str, Callable[[Given], list[Row]]] = {
    "rerank": lambda given: reading.beside_sentence_transformers(given.texts, given.rounds, given.threads),
    "flashrank": lambda given: [reading.beside_flashrank(given.texts, given.rounds, given.threads)],
    "encode": lambda given: [tovectors.beside_sentence_transformers(given.texts, given.rounds, given.threads)],
    "search": searching,
    "index": bulk,
    "suggest": lambda given: [suggest.row(given.rounds)],
}
IN_ENGINE = ("search", "index", "suggest")


def main() -> None:
    """Measure, print a table, and write one page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--index", help="the catalogue that is searched; with --queries")
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bench.html"))
    given = parser.parse_args()
    if min(given.rounds, given.pairs, given.threads) < 1:
        parser.error("--rounds, --pairs and --threads: at least 1")
    if (given.index is None) != (given.queries is None):
        parser.error("--index and --queries: give both or neither")
    texts = [passage(product) for product in sample.generate(products=1000)][: given.pairs]
    missing = [] if engine_answers() else [name for name in given.only if name in IN_ENGINE]
    about = f"{indexing.machine()}, {len(texts)} texts, {given.rounds} rounds"
    if missing:
        about += f"; left out, for no OpenSearch answers: {', '.join(missing)}"
    wanted = Given(texts, given.rounds, given.threads, given.index, given.queries)
    rows = [row for name in given.only if name not in missing for row in WORK[name](wanted)]
    if not rows:
        raise SystemExit(about)
    about += f"; load at the end {os.getloadavg()[0]:.1f}"
    print(about)
    for row in rows:
        for way, values in row.values.items():
            print(f"{row.name:24} {way:40} {statistics.median(values):8.1f} {row.unit}")
        print(f"{row.name:24} ratio {row.shown_ratio() or 'of nothing beside it'}")
    given.out.write_text(page(about, rows), "utf-8")
    print(f"written to {given.out}")


def engine_answers() -> bool:
    """Whether there is an OpenSearch to measure in."""
    try:
        with engine_from(Settings()) as engine:
            engine.check(10.0)
    except EngineError:
        return False
    return True


if __name__ == "__main__":
    main()
