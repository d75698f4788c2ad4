"""Items that stand near each other in sequences: counted, normalised, kept sparse. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NeighbourSettings:
    """How neighbours are counted.

    Attributes:
        window: how many places apart two items may stand.
        popularity: exponent of the neighbour's own count, 0 to 1: the higher, the less it helps to be popular.
        shrinkage: added to counts, so that a pair that was seen once does not stand above all.
        kept: neighbours of an item.
    """

    window: int = 20
    popularity: float = 0.3
    shrinkage: float = 5.0
    kept: int = 200


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A sparse matrix in rows: of item ``i`` the neighbours ``indices[starts[i]:starts[i + 1]]`` with ``values``."""

    starts: Ints
    indices: Ints
    values: Floats

    def spread(self, items: Sequence[int], weights: Sequence[float]) -> Floats:
        """The sum of the items' rows by weight.

        Returns:
            shape ``(number of items,)``, not negative.
        """
        total = np.zeros(len(self.starts) - 1, np.float32)
        for item, weight in zip(items, weights, strict=True):
            row = slice(self.starts[item], self.starts[item + 1])
            total[self.indices[row]] += np.float32(weight) * self.values[row]
        return total


def count(sequences: Sequence[Sequence[int]], items: int, settings: NeighbourSettings | None = None) -> Neighbours:
    """Count which items stand near each other.

    Two items at distance d count ``1 / sqrt(d)``, in both directions; the value is
    ``n_ij / (sqrt(n_i + s) * (n_j + s) ** popularity)``.

    Args:
        sequences: numbers of items, oldest first.
        items: how many items there are; numbers are below it.
        settings: of counting.
    """
    chosen = settings or NeighbourSettings()
    keys: list[Ints] = []
    weights: list[NDArray[np.float64]] = []
    for distance in range(1, chosen.window + 1):
        near = [np.asarray(one, np.int64) for one in sequences if len(one) > distance]
        if not near:
            break
        left = np.concatenate([one[:-distance] for one in near])
        right = np.concatenate([one[distance:] for one in near])
        different = left != right
        left, right = left[different], right[different]
        keys += [left * items + right, right * items + left]
        weights += [np.full(2 * len(left), distance**-0.5)]
    every = np.concatenate(keys) if keys else np.zeros(0, np.int64)
    pairs, place = np.unique(every, return_inverse=True)
    sums = np.bincount(place, np.concatenate(weights) if weights else None, minlength=len(pairs)).astype(np.float64)
    rows, columns = pairs // items, pairs % items
    totals = np.bincount(rows, sums, minlength=items) + chosen.shrinkage
    values = sums / (np.sqrt(totals[rows]) * totals[columns] ** chosen.popularity)
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.searchsorted(rows, np.arange(items))
    near_enough = np.arange(len(rows)) - first[rows] < chosen.kept if len(rows) else np.zeros(0, bool)
    rows, columns, values = rows[near_enough], columns[near_enough], values[near_enough]
    starts = np.searchsorted(rows, np.arange(items + 1)).astype(np.int64)
    return Neighbours(starts, columns.astype(np.int64), values.astype(np.float32))
