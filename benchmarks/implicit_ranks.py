"""The baselines of the library ``implicit``, which needs an environment of its own: pip install implicit.

    python benchmarks/implicit_ranks.py SPLIT.npz RANKS.npz

SPLIT holds ``rows``, ``columns`` (what each person did, as two lists of numbers), ``shape``, and ``targets`` with
``target_rows``. RANKS gets, by name of a model and its settings, the place (from 1) of each target among all items that
the person has not met.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender


def models() -> Iterator[tuple[str, Any]]:
    """What is tried."""
    for neighbours in (20, 100, 500):
        yield f"cosine k={neighbours}", CosineRecommender(K=neighbours, num_threads=1)
        yield f"bm25 k={neighbours}", BM25Recommender(K=neighbours, num_threads=1)
    for factors in (16, 32, 64, 128):
        for alpha in (1.0, 5.0, 20.0):
            yield (
                f"als factors={factors} alpha={alpha:g}",
                AlternatingLeastSquares(
                    factors=factors, alpha=alpha, regularization=0.05, iterations=15, random_state=7, num_threads=1
                ),
            )
    for factors in (32, 64):
        for rate in (0.01, 0.05):
            yield (
                f"bpr factors={factors} rate={rate:g}",
                BayesianPersonalizedRanking(
                    factors=factors, learning_rate=rate, iterations=200, random_state=7, num_threads=1
                ),
            )


def scores(model: Any, matrix: sp.csr_matrix, person: int) -> np.ndarray:
    """Of all items for one person."""
    if hasattr(model, "user_factors"):
        return np.asarray(model.item_factors @ model.user_factors[person])
    return np.asarray((matrix[person] @ model.similarity).todense()).ravel()


def main(source: str, out: str) -> None:
    """Fit each model, rank each target."""
    given = np.load(source)
    rows, columns = given["rows"], given["columns"]
    matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=tuple(given["shape"]))
    matrix.data[:] = np.maximum(matrix.data, 1.0)
    ranks = {}
    for name, model in models():
        model.fit(matrix, show_progress=False)
        found = []
        last, values = -1, np.zeros(0)
        for person, target in zip(given["target_rows"], given["targets"], strict=True):
            if person != last:
                values, last = scores(model, matrix, person).astype(np.float64), person
                values[matrix[person].indices] = -np.inf
            found.append(1 + int((values > values[target]).sum() + (values[:target] == values[target]).sum()))
        ranks[name] = np.array(found)
        print(name, round(float((ranks[name] <= 10).mean()), 4), flush=True)
    np.savez(out, **ranks)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
