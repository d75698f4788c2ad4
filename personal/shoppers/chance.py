"""Chance by name: the same parts give the same stream on every machine and whatever ``PYTHONHASHSEED`` is."""

from __future__ import annotations

import hashlib
import math
import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def _digest(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()


def named_id(*parts: object) -> str:
    """A UUID that depends on the parts only."""
    return str(uuid.UUID(bytes=_digest(*parts)[:16], version=4))


class Chance:
    """A stream of decisions. Rests on ``random.Random.random`` only, whose sequence Python promises to keep."""

    def __init__(self, *parts: object) -> None:
        self._random = random.Random(int.from_bytes(_digest(*parts)[:16], "big"))

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def hit(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self._random.random() < probability

    def one(self, values: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the values, in proportion to the weights when given."""
        if weights is None:
            return values[min(int(self.unit() * len(values)), len(values) - 1)]
        left = self.unit() * sum(weights)
        for value, weight in zip(values, weights, strict=True):
            left -= weight
            if left < 0:
                return value
        return values[-1]

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` different values, or all when there are fewer."""
        rest = list(values)
        return [rest.pop(min(int(self.unit() * len(rest)), len(rest) - 1)) for _ in range(min(count, len(rest)))]

    def waiting(self, mean: float) -> float:
        """An exponential waiting time of this mean."""
        return -mean * math.log(1.0 - self.unit())
