"""The ranked order against the best stock configuration, over catalogues of several trades and all their queries
together.

``python -m benchmarks.pooled --catalogue INDEX QUERIES.tsv QRELS.tsv --catalogue ...``: BM25, text vectors, min-max at
three weights and RRF as OpenSearch does them, and ``ranked``; OPENSEARCH_URL is the engine that holds the catalogues.
The best stock configuration is the one with the highest mean of the same queries by the same metric, one for each line
of the table, so it is given the advantage of being chosen on what it is measured by. Of the paired differences the mean
with the 95 % bootstrap interval and the one-sided 95 % lower bound are told: of each catalogue, of all queries
together, and with every catalogue weighing the same. ``--keep FILE`` writes every order as JSON, and reads it where it
is there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plugin import stock
from plugin.catalogue import lookup
from ranker.metrics import DEPTH, condensed, ndcg
from ranker.qrels import read_qrels, read_queries
from ranker.significance import resampled_means
from service.evaluate import ranked
from service.parts import Parts
from service.report import Judged
from service.settings import Settings

RANKED = "ranked"
WEIGHTS = (0.3, 0.5, 0.7)
"""Of BM25 in min-max fusion; the vector has the rest."""
METRICS = ("plain", "condensed")
Run = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Trade:
    """One catalogue with its judged queries."""

    index: str
    judged: Judged


def _stock(parts: Parts, index: str, system: stock.System, weight: float | None, text: str) -> list[str]:
    vectors = None if system == "bm25" else parts.encoders.of(lookup(parts.engine, index))
    vector = None if vectors is None else vectors.of(text)
    found = stock.search_ids(
        parts.engine,
        index,
        system,
        text=None if system == "text_vector" else text,
        text_vector=vector,
        size=DEPTH,
        weights=None if weight is None else (weight, 1.0 - weight),
    )
    return [item for item, _ in found]


def _ranked(parts: Parts, index: str, text: str) -> list[str]:
    answer = ranked(parts, index, text)
    if answer.degraded is not None:
        raise SystemExit(f"a query went without its model: {answer.degraded}")
    return list(answer.ids)


def systems(parts: Parts, index: str) -> dict[str, Run]:
    """Every system by its name; :data:`RANKED` is the last."""
    of = partial(partial, _stock, parts, index)
    found: dict[str, Run] = {"bm25": of("bm25", None), "text_vector": of("text_vector", None)}
    found |= {f"min-max {weight}": of("hybrid", weight) for weight in WEIGHTS}
    return found | {"rrf": of("rrf", None), RANKED: partial(_ranked, parts, index)}


def orders(parts: Parts, trade: Trade) -> dict[str, dict[str, list[str]]]:
    """Ids by system and query, best first."""
    runs = systems(parts, trade.index)
    return {name: {query: run(text) for query, text in trade.judged.texts.items()} for name, run in runs.items()}


def values(found: Mapping[str, Mapping[str, list[str]]], judged: Judged) -> NDArray[np.float64]:
    """nDCG@10, shape (systems, queries, metrics of :data:`METRICS`)."""
    return np.array(
        [
            [
                (ndcg(order[one], grades), ndcg(condensed(order[one], grades), grades))
                for one, grades in judged.grades.items()
            ]
            for order in found.values()
        ]
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """The ranked order beside the best stock configuration by one metric: its name, both means, resampled means of the
    paired difference."""

    best: str
    stock: float
    ranked: float
    drawn: NDArray[np.float64]

    @classmethod
    def of(cls, tables: Sequence[NDArray[np.float64]], names: Sequence[str], metric: int) -> Beside:
        """Of tables as from :func:`values`; every one weighs the same, and queries are drawn within each."""
        means = np.mean([table[:, :, metric].mean(axis=1) for table in tables], axis=0)
        best = int(means[:-1].argmax())
        drawn = [
            resampled_means((table[-1] - table[best])[:, [metric]], seed=seed)[:, 0]
            for seed, table in enumerate(tables)
        ]
        return cls(names[best], float(means[best]), float(means[-1]), np.mean(drawn, axis=0))

    def row(self, name: str, count: int, metric: int) -> str:
        """A row of the table."""
        low, bound, high = np.percentile(self.drawn, [2.5, 5, 97.5])
        gain = self.ranked - self.stock
        cells = (
            name,
            str(count),
            METRICS[metric],
            f"{self.best}, {self.stock:.4f}",
            f"{self.ranked:.4f}",
            f"{gain:+.4f} ({low:+.4f} to {high:+.4f})",
            f"{gain / self.stock:+.1%}",
            f"{bound:+.4f}",
        )
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogue", nargs=3, action="append", required=True, metavar=("INDEX", "QUERIES", "QRELS"))
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    trades = [
        Trade(index, Judged.of(read_queries(Path(queries)), read_qrels(Path(qrels))))
        for index, queries, qrels in given.catalogue
    ]
    kept = json.loads(given.keep.read_text("utf-8")) if given.keep and given.keep.is_file() else {}
    parts = Parts(Settings())
    for trade in trades:
        if trade.index not in kept:
            kept[trade.index] = orders(parts, trade)
    parts.close()
    if given.keep:
        given.keep.write_text(json.dumps(kept), "utf-8")
    tables = [values(kept[trade.index], trade.judged) for trade in trades]
    names = list(kept[trades[0].index])
    print("| catalogue | system | nDCG@10 | condensed |\n| --- | --- | --- | --- |")
    for trade, table in zip(trades, tables, strict=True):
        for name, row in zip(names, table, strict=True):
            print(f"| {trade.index} | {name} | {' | '.join(f'{mean:.4f}' for mean in row.mean(axis=0))} |")
    print("\n| queries | n | nDCG@10 | best stock | ranked | difference | of it | 95 % one-sided |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    count = sum(table.shape[1] for table in tables)
    shown = [(trade.index, table.shape[1], [table]) for trade, table in zip(trades, tables, strict=True)]
    for name, queries, of in [
        *shown,
        ("all together", count, [np.concatenate(tables, axis=1)]),
        ("each catalogue alike", count, tables),
    ]:
        for metric in range(len(METRICS)):
            print(Beside.of(of, names, metric).row(name, queries, metric))


if __name__ == "__main__":
    main()
