"""What reading more or less of a window, or with another model, does to the order: paired differences of nDCG@10.

``python -m benchmarks.depth --index esci --queries queries.tsv --qrels qrels.tsv [--depth 4 2 1] [--model A B]``: one
gathering a query; the first depth of the first model is what the others are compared with; OPENSEARCH_URL is the
catalogue's engine. 95 % bootstrap intervals over queries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from plugin.candidates import gather
from ranker.candidate import Candidate
from ranker.folder import DEFAULT_MODEL
from ranker.metrics import condensed, has_relevant, ndcg
from ranker.model import Ranker
from ranker.qrels import read_qrels, read_queries
from ranker.significance import estimates
from service.parts import Parts
from service.schemas.search import SearchBody
from service.settings import Settings

SIZE = 100


def main() -> None:
    """Print a line a depth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--qrels", type=Path, required=True)
    parser.add_argument("--depth", type=int, nargs="+", default=[4, 2, 1])
    parser.add_argument("--model", type=Path, nargs="+", default=[DEFAULT_MODEL])
    parser.add_argument("--bare", action="store_true", help="by the texts alone, without signals")
    given = parser.parse_args()
    rankers = [Ranker(folder) for folder in given.model]
    ways = [(ranker, depth) for ranker in rankers for depth in given.depth]
    parts = Parts(Settings(index=given.index))
    queries, judged = read_queries(given.queries), read_qrels(given.qrels)
    texts = {name: text for name, text in queries.items() if has_relevant(judged.get(name, {}))}
    values = np.zeros((len(texts), len(ways), 2))
    for row, (name, text) in enumerate(texts.items()):
        question = parts.search.question(SearchBody(query=text, index=given.index, size=SIZE))
        found = gather(parts.engine, question.catalogue, question.request, timeout_s=60)
        candidates, lacks = parts.search.candidates(question, found, timeout_s=60)
        if lacks is not None:
            raise SystemExit(f"a query went without {lacks}")
        if given.bare:
            candidates = [Candidate(item.id, item.text, {}) for item in candidates]
        for column, (ranker, depth) in enumerate(ways):
            order = [item.id for item in ranker.rank(text, candidates, depth=depth).items]
            ranked = [*order, *(hit.id for hit in found.rest)][:SIZE]
            grades = judged[name]
            values[row, column] = ndcg(ranked, grades), ndcg(condensed(ranked, grades), grades)
    parts.close()
    print(f"{len(texts)} queries; nDCG@10, condensed; in brackets less the first")
    for column, (ranker, depth) in enumerate(ways):
        told = []
        for kind in range(2):
            own = values[:, column, kind].mean()
            (less,) = estimates(values[:, [column], kind] - values[:, [0], kind])
            told.append(f"{own:.4f} ({less.mean:+.4f}, {less.low:+.4f} to {less.high:+.4f})")
        print(f"{ranker.name}, reading {depth}: {'; '.join(told)}")


if __name__ == "__main__":
    main()
