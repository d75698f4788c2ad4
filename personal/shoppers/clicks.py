"""How people look at a result page: by position, or from the top until they have enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .chance import Chance


class ClickModel(Protocol):
    """Which of the results are clicked, given how attractive each would be if seen."""

    def clicked(self, attraction: Sequence[float], patience: float, chance: Chance) -> list[int]:
        """Places (from 0) in the order of clicking; ``attraction`` holds a probability per result."""
        ...

    def looked(self, attraction: Sequence[float], patience: float) -> list[float]:
        """The probability that each result is looked at, which a click needs beside attraction."""
        ...


@dataclass(frozen=True, slots=True)
class PositionBased:
    """Rank r (from 1, on each page) is examined with probability ``r ** -(decay / patience)``, whatever stands above
    it. The second page is turned to only by those who clicked on nothing of the first."""

    decay: float = 0.8

    def propensity(self, rank: int, patience: float = 1.0) -> float:
        """The probability that rank 1, 2, ... is examined; what an unbiased learner has to find out."""
        return float(rank ** -(self.decay / patience))

    def clicked(self, attraction: Sequence[float], patience: float, chance: Chance) -> list[int]:
        """Examined and attractive."""
        return [i for i, a in enumerate(attraction) if chance.unit() < self.propensity(i + 1, patience) * a]

    def looked(self, attraction: Sequence[float], patience: float) -> list[float]:
        """By the place alone."""
        return [self.propensity(i + 1, patience) for i in range(len(attraction))]


@dataclass(frozen=True, slots=True)
class Cascade:
    """From the top down; after a click one is satisfied with probability ``satisfied``, after each result one goes on
    with probability ``going_on ** (1 / patience)``."""

    going_on: float = 0.88
    satisfied: float = 0.45

    def clicked(self, attraction: Sequence[float], patience: float, chance: Chance) -> list[int]:
        """One after the other, until satisfied or tired."""
        found = []
        for i, a in enumerate(attraction):
            if chance.unit() < a:
                found.append(i)
                if chance.hit(self.satisfied):
                    break
            if not chance.hit(self.going_on ** (1 / patience)):
                break
        return found

    def looked(self, attraction: Sequence[float], patience: float) -> list[float]:
        """By the place and by what stands above it."""
        found, here = [], 1.0
        for a in attraction:
            found.append(here)
            here *= (1.0 - a * self.satisfied) * self.going_on ** (1 / patience)
        return found
