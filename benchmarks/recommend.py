"""The sequence model on MovieLens: last item left out, all items ranked.

    python -m benchmarks.recommend [--data ../shared/data/movielens] [--implicit-python PYTHON] [--threads 1]

Every system's settings are chosen on the item before the last (nDCG@10), then it learns once more with that item and is
asked for the last one. The data is for measurement only; nothing that is shipped has seen it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.nextitem import Ranks, Split, gains, implicit_ranks, movielens, ranks, split, table
from ranker.neighbours import NeighbourSettings, count
from ranker.sequence import memory_of, mixed
from ranker.training.sequence import SequenceSettings, chances, choose_mixture, fit

KNN = [(last, decay) for last in (5, 20, 1000) for decay in (0.8, 1.0)]


def popularity(given: Split) -> dict[str, Ranks]:
    """What most people met."""
    often = np.bincount(np.concatenate([np.asarray(one) for one in given.histories]), minlength=given.items).astype(
        np.float64
    )
    return {"popularity": ranks(given, lambda _: often)}


def item_knn(given: Split) -> dict[str, Ranks]:
    """Cosine of people in common, summed over the latest items, each weighing less than the next."""
    met = np.zeros((len(given.histories), given.items), np.float32)
    for row, history in enumerate(given.histories):
        met[row, list(history)] = 1.0
    often = np.maximum(met.sum(axis=0), 1.0)
    met /= np.sqrt(often)

    def scores(last: int, decay: float) -> Callable[[Sequence[int]], NDArray[np.float32]]:
        def of(history: Sequence[int]) -> NDArray[np.float32]:
            latest = list(history[-last:])
            weights = np.array([decay**age for age in range(len(latest))][::-1], np.float32)
            # (items x people) @ (people): the cosines of the latest items to all, without the whole matrix.
            result: NDArray[np.float32] = met.T @ (met[:, latest] @ weights)
            return result

        return of

    return {f"last={last} decay={decay:g}": ranks(given, scores(last, decay)) for last, decay in KNN}


def sequence(given: Split, settings: SequenceSettings, trial: Split | None) -> dict[str, Ranks]:
    """The product's model: network and memory, mixed as the item before the last says."""
    if trial is None:
        raise ValueError("the mixture is chosen on the split before")
    near = count(trial.histories, trial.items, NeighbourSettings(window=settings.window))
    before = fit(trial.histories, trial.items, settings, None)
    mixture, held_out = choose_mixture(before, near, trial.histories, trial.targets, settings.seed)
    print("mixture", mixture, held_out, flush=True)
    network = fit(given.histories, given.items, settings, None)
    neighbours = count(given.histories, given.items, NeighbourSettings(window=settings.window))
    alone = {history: chances(network, history) for history in given.histories}
    near_by = {history: memory_of(neighbours, history, mixture) for history in given.histories}
    return {
        "sequence, network alone": ranks(given, lambda history: alone[tuple(history)]),
        "sequence, memory alone": ranks(given, lambda history: near_by[tuple(history)]),
        "sequence": ranks(given, lambda h: mixed(alone[tuple(h)], near_by[tuple(h)], mixture.share)),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "movielens")
    parser.add_argument("--implicit-python", type=Path, help="an interpreter with the library 'implicit'")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    sequences = movielens(given.data)
    test, trial = split(sequences, 1), split(sequences, 2)
    found = popularity(test)
    for name, run in (
        ("item k-NN", item_knn),
        *([("implicit", lambda one: implicit_ranks(one, given.implicit_python))] if given.implicit_python else []),
    ):
        chosen = run(trial)
        best = max(chosen, key=lambda key: gains(chosen[key]).mean())
        print(name, {key: round(float(gains(places).mean()), 4) for key, places in chosen.items()}, flush=True)
        found[f"{name} ({best})"] = run(test)[best]
    against = list(found)[-1]
    found |= sequence(test, SequenceSettings(epochs=given.epochs, threads=given.threads), trial)
    print(f"{len(test.targets)} people, {test.items} items\n")
    print(table(found, against))


if __name__ == "__main__":
    main()
