"""Last item out, all items ranked: what the measurements of next-item recommendation share."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ranker.significance import estimates

Ranks = NDArray[np.int64]
K = 10


@dataclass(frozen=True, slots=True)
class Split:
    """What each person did before, and what came next.

    Attributes:
        histories: numbers of items, oldest first.
        targets: one a person.
        items: how many there are.
    """

    histories: tuple[tuple[int, ...], ...]
    targets: tuple[int, ...]
    items: int


def movielens(folder: Path) -> list[tuple[int, ...]]:
    """Each person's films in the order of rating; equal times by the film's number."""
    by_person: dict[int, list[tuple[int, int]]] = {}
    with (folder / "ratings.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            by_person.setdefault(int(row["userId"]), []).append((int(row["timestamp"]), int(row["movieId"])))
    films = {film: place for place, film in enumerate(sorted({film for one in by_person.values() for _, film in one}))}
    return [tuple(films[film] for _, film in sorted(one)) for _, one in sorted(by_person.items())]


def split(sequences: Sequence[Sequence[int]], held_out: int) -> Split:
    """Leave the last ``held_out`` items out; the first of them is the target."""
    items = 1 + max(max(one) for one in sequences)
    kept = [tuple(one) for one in sequences if len(one) > held_out]
    return Split(tuple(one[:-held_out] for one in kept), tuple(one[-held_out] for one in kept), items)


def ranks(given: Split, scores: Callable[[Sequence[int]], NDArray[np.floating]]) -> Ranks:
    """The place of each target, from 1, among all items that the person has not met; equal scores by number."""
    found = []
    for history, target in zip(given.histories, given.targets, strict=True):
        values = np.array(scores(history), np.float64)
        values[list(history)] = -np.inf
        found.append(1 + int((values > values[target]).sum() + (values[:target] == values[target]).sum()))
    return np.array(found)


def implicit_ranks(given: Split, python: Path) -> dict[str, Ranks]:
    """The ranks of the models of ``benchmarks/implicit_ranks.py``, one target a person."""
    return implicit_ranks_of(
        given.histories, given.items, np.arange(len(given.targets)), np.array(given.targets), python
    )


def implicit_ranks_of(
    histories: Sequence[Sequence[int]], items: int, rows: Ranks, targets: Ranks, python: Path
) -> dict[str, Ranks]:
    """The same for targets of any person, run by an interpreter that has the library.

    Args:
        histories: by person.
        items: how many there are.
        rows: of each target, whose it is.
        targets: items.
        python: the interpreter.
    """
    with TemporaryDirectory() as folder:
        source, out = Path(folder) / "split.npz", Path(folder) / "ranks.npz"
        np.savez(
            source,
            rows=np.repeat(np.arange(len(histories)), [len(one) for one in histories]),
            columns=np.concatenate([np.asarray(one, np.int64) for one in histories]),
            shape=np.array([len(histories), items]),
            targets=targets,
            target_rows=rows,
        )
        script = Path(__file__).with_name("implicit_ranks.py")
        subprocess.run([str(python), str(script), str(source), str(out)], check=True)
        with np.load(out) as found:
            return {name: found[name] for name in found.files}


def hits(places: Ranks) -> NDArray[np.float64]:
    """HR@10, one a person."""
    return (places <= K).astype(np.float64)


def gains(places: Ranks) -> NDArray[np.float64]:
    """nDCG@10 of one right item, one a person."""
    return np.where(places <= K, 1.0 / np.log2(places + 1.0), 0.0)


def table(found: dict[str, Ranks], against: str) -> str:
    """A table in Markdown: HR@10 and nDCG@10 with intervals, and the difference to one system."""
    lines = ["| system | HR@10 | nDCG@10 | nDCG@10 beside " + against + " |", "| --- | --- | --- | --- |"]
    for name, places in found.items():
        columns = np.stack([hits(places), gains(places), gains(places) - gains(found[against])], axis=1)
        hit, gain, change = estimates(columns)
        cells = [f"{one.mean:.3f} ({one.low:.3f} to {one.high:.3f})" for one in (hit, gain)]
        cells.append("" if name == against else f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
