"""Chance that is the same on every machine.

Only ``random.Random.random`` is used: its sequence for an integer seed is promised by Python, while ``choice``,
``shuffle`` and the like may change between versions. Seeds come from a digest, so neither ``PYTHONHASHSEED`` nor the
order of calls for other products matters.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of decisions named by ``parts``, for example ``Dice(seed, "product", 17)``."""

    def __init__(self, *parts: object) -> None:
        digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:16], "big"))

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def below(self, n: int) -> int:
        """An integer in [0, n)."""
        return min(int(self._random.random() * n), n - 1)

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self._random.random() < probability

    def one(self, values: Sequence[T]) -> T:
        """One of the values, each as likely as the others."""
        return values[self.below(len(values))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its weight."""
        return at(weights, self.unit())

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` different values (all of them when there are fewer), in random order."""
        rest = list(values)
        return [rest.pop(self.below(len(rest))) for _ in range(min(count, len(rest)))]

    def normal(self) -> float:
        """A number of mean 0 and deviation 1, from twelve units (no library function whose last digit may differ)."""
        return sum(self.unit() for _ in range(12)) - 6.0


def at(weights: Mapping[T, float], position: float) -> T:
    """The key in whose share of the whole ``position`` (0 to 1) lies."""
    left = position * sum(weights.values())
    for key, weight in weights.items():
        left -= weight
        if left < 0:
            return key
    return next(reversed(list(weights)))
