"""How many candidates of each signal the served order needs: quality of the whole order at several sizes of the window.

``python -m benchmarks.candidates --catalogue INDEX QUERIES.tsv QRELS.tsv [--catalogue ...] [--k 100 150 80 60]``:
OPENSEARCH_URL is the engine that holds the catalogues. Each query is gathered and ranked anew for each number, as
``hybridrank evaluate --system ranked`` does; the first number is what the others are compared with, by paired
differences of nDCG@10 with 95 % bootstrap intervals over queries. Told beside them: how many products a request brings
and how many of these are ranked, on average, and the engine's own time for the search request.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plugin.candidates import gather
from ranker.metrics import DEPTH, condensed, ndcg
from ranker.qrels import read_qrels, read_queries
from ranker.significance import estimates
from service.parts import Parts
from service.report import Judged
from service.schemas.search import SearchBody
from service.settings import Settings

METRICS = ("plain", "condensed")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one catalogue's queries came to at one number of candidates.

    Attributes:
        values: nDCG@10, shape (queries, metrics of :data:`METRICS`).
        brought: products of a request, on average.
        ranked: of these, members of some signal's best.
        engine_ms: the engine's own time at the median.
    """

    values: NDArray[np.float64]
    brought: float
    ranked: float
    engine_ms: float


def asked(parts: Parts, index: str, judged: Judged) -> Asked:
    """Gather and rank each judged query."""
    values, brought, ranked, took = [], [], [], []
    for name, text in judged.texts.items():
        question = parts.search.question(SearchBody(query=text, index=index, size=DEPTH))
        found = gather(parts.engine, question.catalogue, question.request, timeout_s=60)
        candidates, lacks = parts.search.candidates(question, found, timeout_s=60)
        if lacks is not None:
            raise SystemExit(f"a query went without {lacks}")
        ranker = parts.ranker
        depth = ranker.depth(parts.settings.rerank_depth)
        ranking = ranker.rank(question.request.text or "", candidates, depth=depth)
        order = [*(item.id for item in ranking.items), *(hit.id for hit in found.rest)][:DEPTH]
        grades = judged.grades[name]
        values.append((ndcg(order, grades), ndcg(condensed(order, grades), grades)))
        brought.append(len(found.hits) + len(found.rest))
        ranked.append(len(found.hits))
        took.append(found.took_ms)
    return Asked(np.array(values), statistics.mean(brought), statistics.mean(ranked), statistics.median(took))


def line(k: int, found: Asked, first: Asked) -> str:
    """A row of a catalogue's table."""
    cells = [str(k), f"{found.brought:.0f}", f"{found.ranked:.0f}", f"{found.engine_ms:.0f}"]
    return f"| {' | '.join([*cells, *told(found.values, first.values)])} |"


def told(values: NDArray[np.float64], first: NDArray[np.float64]) -> list[str]:
    """Mean and paired difference of each metric."""
    less = estimates(values - first)
    return [
        f"{values[:, column].mean():.4f} ({one.mean:+.4f}, {one.low:+.4f} to {one.high:+.4f})"
        for column, one in enumerate(less)
    ]


def main() -> None:
    """Print a table a catalogue, and one of all their queries together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", nargs=3, action="append", required=True, metavar=("INDEX", "QUERIES", "QRELS"))
    parser.add_argument("--k", type=int, nargs="+", default=[100, 150, 80, 60])
    given = parser.parse_args()
    ks: Sequence[int] = given.k
    found: dict[int, list[NDArray[np.float64]]] = {k: [] for k in ks}
    heads = " | ".join(f"{metric} (less k = {ks[0]})" for metric in METRICS)
    for index, queries, qrels in given.catalogue:
        judged = Judged.of(read_queries(Path(queries)), read_qrels(Path(qrels)))
        print(f"\n{index}, {len(judged.texts)} queries\n| k | brought | ranked | engine, ms | {heads} |")
        print(f"|{' --- |' * (4 + len(METRICS))}")
        first = None
        for k in ks:
            parts = Parts(Settings(index=index, candidates_per_signal=k))
            one = asked(parts, index, judged)
            parts.close()
            first = first or one
            found[k].append(one.values)
            print(line(k, one, first), flush=True)
    if len(given.catalogue) > 1:
        whole = {k: np.concatenate(tables) for k, tables in found.items()}
        print(f"\nall together, {len(whole[ks[0]])} queries\n| k | {heads} |\n|{' --- |' * (1 + len(METRICS))}")
        for k, values in whole.items():
            print(f"| {' | '.join([str(k), *told(values, whole[ks[0]])])} |")


if __name__ == "__main__":
    main()
