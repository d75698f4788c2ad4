"""Neighbours in sequences against a slow, obvious count."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from ranker.neighbours import NeighbourSettings, count


def slow(sequences: list[list[int]], items: int, settings: NeighbourSettings) -> dict[tuple[int, int], float]:
    sums: Counter[tuple[int, int]] = Counter()
    for one in sequences:
        for left, first in enumerate(one):
            for right in range(left + 1, min(left + settings.window, len(one) - 1) + 1):
                if first != one[right]:
                    sums[first, one[right]] += 1 / math.sqrt(right - left)  # type: ignore[assignment]
                    sums[one[right], first] += 1 / math.sqrt(right - left)  # type: ignore[assignment]
    totals = [settings.shrinkage + sum(v for (i, _), v in sums.items() if i == item) for item in range(items)]
    return {(i, j): v / (math.sqrt(totals[i]) * totals[j] ** settings.popularity) for (i, j), v in sums.items()}


def test_it_is_the_slow_count() -> None:
    dice = random.Random(4)
    sequences = [[dice.randrange(7) for _ in range(dice.randrange(1, 15))] for _ in range(20)]
    settings = NeighbourSettings(window=4)
    near = count(sequences, 8, settings)
    expected = slow(sequences, 8, settings)
    found = {
        (item, int(other)): float(value)
        for item in range(8)
        for other, value in zip(
            near.indices[near.starts[item] : near.starts[item + 1]],
            near.values[near.starts[item] : near.starts[item + 1]],
            strict=True,
        )
    }
    assert found.keys() == expected.keys()
    for pair, value in expected.items():
        assert found[pair] == pytest.approx(value, rel=1e-5)
    spread = near.spread([1, 2], [1.0, 0.5])
    assert spread[3] == pytest.approx(expected.get((1, 3), 0) + 0.5 * expected.get((2, 3), 0), rel=1e-5)


def test_only_the_nearest_are_kept() -> None:
    sequences = [[0, 1]] * 3 + [[0, 2]] * 2 + [[0, 3]]
    near = count(sequences, 4, NeighbourSettings(kept=2, popularity=0.0))
    assert near.indices[near.starts[0] : near.starts[1]].tolist() == [1, 2]
    assert near.spread([3], [1.0])[0] > 0


def test_nothing_to_count_is_no_failure() -> None:
    near = count([[1], []], 3)
    assert near.starts.tolist() == [0, 0, 0, 0]
    assert not np.any(near.spread([0, 1, 2], [1, 1, 1]))
