"""Does a social graph help? Last.fm (HetRec 2011): listens held out, all artists ranked; recall@20 and nDCG@20.

    python -m benchmarks.social [--data ../shared/data/lastfm] [--implicit-python PYTHON] [--lightgcn] [--known 3]

A fifth of each person's artists is held out, of people with five or more. Settings of every system are chosen on a
fifth of what is left (nDCG@20), then it learns once more with that. ``--known 3`` keeps only three artists of each
person asked (the others' histories stay whole): people who have just come. ``--lightgcn`` needs torch_geometric. The
data is for measurement only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.nextitem import implicit_ranks_of
from personal.friends import social
from ranker.significance import estimates

K = 20
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Task:
    """What is known, and what is asked.

    Attributes:
        known: 1 where a person is known to listen to an artist; shape (people, artists).
        asked: by person, the held-out artists; empty for those who are not asked.
        friends: 1 where two people are friends; shape (people, people).
    """

    known: Matrix
    asked: tuple[tuple[int, ...], ...]
    friends: Matrix


def read(folder: Path) -> tuple[list[list[int]], Matrix]:
    """Artists by person, in no order, and who is whose friend."""
    rows = [[int(float(word)) for word in line.split()] for line in (folder / "data1.txt").read_text().splitlines()]
    people = {name: place for place, name in enumerate(sorted({row[0] for row in rows}))}
    artists = {name: place for place, name in enumerate(sorted({row[1] for row in rows}))}
    listens: list[set[int]] = [set() for _ in people]
    for person, artist, _ in rows:
        listens[people[person]].add(artists[artist])
    friends = np.zeros((len(people), len(people)), np.float32)
    for line in (folder / "trustnetwork.txt").read_text().splitlines():
        left, right = (people.get(int(float(word))) for word in line.split())
        if left is not None and right is not None and left != right:
            friends[left, right] = friends[right, left] = 1.0
    return [sorted(one) for one in listens], friends


def tasks(listens: list[list[int]], friends: Matrix, known: int | None, seed: int) -> tuple[Task, Task]:
    """The trial on which settings are chosen, and the test."""
    dice = np.random.default_rng(seed)
    artists = 1 + max(max(one) for one in listens)
    parts = []
    for one in listens:
        order = [one[place] for place in dice.permutation(len(one))]
        cut = max(1, len(order) // 5) if len(order) >= 5 else 0
        parts.append((order[:cut], order[cut : 2 * cut], order[2 * cut :]))
    cold = dice.random(len(parts)) < 0.2 if known is not None else np.zeros(len(parts), bool)
    found = []
    for test in (False, True):
        table = np.zeros((len(listens), artists), np.float32)
        asked: list[tuple[int, ...]] = []
        for row, (last, middle, rest) in enumerate(parts):
            seen = [*rest, *middle] if test else rest
            if known is not None and cold[row]:
                seen = rest[:known]
            table[row, seen] = 1.0
            wanted = tuple(last if test else middle)
            asked.append(wanted if seen and (known is None or cold[row]) else ())
        found.append(Task(table, tuple(asked), friends))
    return found[0], found[1]


def places(task: Task, scores: Callable[[int], NDArray[np.floating]]) -> list[NDArray[np.int64]]:
    """By person asked, the places (from 1) of the held-out artists among all that are not known."""
    found = []
    for row, wanted in enumerate(task.asked):
        if not wanted:
            continue
        values = np.array(scores(row), np.float64)
        values[task.known[row] > 0] = -np.inf
        found.append(
            np.array([1 + int((values > values[one]).sum() + (values[:one] == values[one]).sum()) for one in wanted])
        )
    return found


def metrics(found: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """recall@20 and nDCG@20, a row a person."""
    rows = []
    for one in found:
        best = 1.0 / np.log2(np.arange(2, min(K, len(one)) + 2))
        rows.append([(one <= K).mean(), (1.0 / np.log2(one[one <= K] + 1.0)).sum() / best.sum()])
    return np.array(rows)


def knn(task: Task, popularity: float = 0.3) -> Matrix:
    """Item k-NN: artists in common, ``n_ij / (sqrt(n_i) n_j^p)``, summed over what is known; the best is 1."""
    often = task.known.sum(axis=0) + 1.0
    together = task.known.T @ task.known
    np.fill_diagonal(together, 0.0)
    scores = (task.known / np.sqrt(often)) @ together / often**popularity
    result: Matrix = scores / (scores.max(axis=1, keepdims=True) + 1e-9)
    return result


def signal(task: Task) -> Matrix:
    """The product's signal ``social`` of each artist for each person, without the decay: there are no times here."""
    sums = task.friends @ task.known
    table = np.full(sums.shape, 0.5, np.float32)
    for row, likings in enumerate(sums):
        for artist, value in social({str(place): float(likings[place]) for place in np.flatnonzero(likings)}).items():
            table[row, int(artist)] = value
    return table


def lightgcn(task: Task, layers: int, epochs: int) -> Matrix:
    """LightGCN of torch_geometric, 64 numbers wide, BPR loss over all listens each epoch."""
    import torch
    from torch_geometric.nn import LightGCN

    torch.manual_seed(7)
    torch.set_num_threads(1)
    people, artists = task.known.shape
    left, right = (torch.from_numpy(axis) for axis in np.nonzero(task.known))
    edges = torch.stack([left, right + people])
    both = torch.cat([edges, edges.flip(0)], dim=1)
    model = LightGCN(people + artists, 64, layers)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        wrong = torch.randint(people, people + artists, (len(left),))
        pairs = torch.cat([edges, torch.stack([edges[0], wrong])], dim=1)
        right_scores, wrong_scores = model(both, pairs).chunk(2)
        loss = model.recommendation_loss(right_scores, wrong_scores, node_id=torch.unique(edges), lambda_reg=1e-4)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        vectors = model.get_embedding(both)
    result: Matrix = (vectors[:people] @ vectors[people:].T).numpy()
    return result


Systems = dict[str, list[NDArray[np.int64]]]


def candidates(task: Task, python: Path | None, graph_network: bool) -> dict[str, Systems]:
    """Every system under each of its settings."""
    often, near, shared = task.known.sum(axis=0), knn(task), signal(task)
    found: dict[str, Systems] = {"popularity": {"": places(task, lambda _: often)}}
    found["item k-NN, without the graph"] = {"": places(task, lambda row: near[row])}
    found["item k-NN with the graph"] = {
        f"weight {weight:g}": places(task, lambda row, w=weight: near[row] + w * (shared[row] - 0.5))  # type: ignore[misc]
        for weight in (0.1, 0.2, 0.4, 0.8, 1.6)
    }
    found["friends alone"] = {"": places(task, lambda row: shared[row])}
    if python is not None:
        histories = tuple(tuple(int(one) for one in np.flatnonzero(row)) for row in task.known)
        rows = np.repeat(np.arange(len(task.asked)), [len(one) for one in task.asked])
        targets = np.array([one for wanted in task.asked for one in wanted])
        ends = np.cumsum([len(one) for one in task.asked if one])[:-1]
        by_name = implicit_ranks_of(histories, task.known.shape[1], rows, targets, python)
        factors = {name: values for name, values in by_name.items() if name[:3] in {"als", "bpr"}}
        found["implicit"] = {name: np.split(values, ends) for name, values in factors.items()}
    if graph_network:
        found["LightGCN"] = {}
        for layers, epochs in ((1, 150), (2, 150), (3, 150), (2, 400)):
            table = lightgcn(task, layers, epochs)
            name = f"layers={layers} epochs={epochs}"
            found["LightGCN"][name] = places(task, lambda row, t=table: t[row])  # type: ignore[misc]
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "lastfm")
    parser.add_argument("--implicit-python", type=Path)
    parser.add_argument("--lightgcn", action="store_true")
    parser.add_argument("--known", type=int)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    listens, friends = read(given.data)
    trial, test = tasks(listens, friends, given.known, given.seed)
    tried = candidates(trial, given.implicit_python, given.lightgcn)
    chosen = {name: max(runs, key=lambda key: metrics(runs[key])[:, 1].mean()) for name, runs in tried.items()}
    print("chosen on the trial:", chosen, flush=True)
    found = candidates(test, given.implicit_python, given.lightgcn)
    base = metrics(found["item k-NN, without the graph"][""])
    people, artists = sum(map(bool, test.asked)), test.known.shape[1]
    print(f"{people} people asked, {artists} artists, {friends.sum() / 2:.0f} friendships\n")
    print("| system | recall@20 | nDCG@20 | nDCG@20 beside without the graph |\n| --- | --- | --- | --- |")
    for name, runs in found.items():
        values = metrics(runs[chosen[name]])
        columns = np.concatenate([values, values[:, 1:] - base[:, 1:]], axis=1)
        cells = [f"{one.mean:.4f} ({one.low:.4f} to {one.high:.4f})" for one in estimates(columns)]
        print(f"| {name} {chosen[name]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
