"""How much privacy an attack on one training run shows to be missing.

Steinke, Nasr, Jagielski, "Privacy Auditing with One (1) Training Run", NeurIPS 2023: each of ``planted`` records is in
the training data by a fair coin of its own; an attacker guesses some of the coins and abstains on the others. Under
(epsilon, delta) differential privacy there is a limit to how many guesses are right (Theorem 5.2); more refute it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

GUESSES = (20, 50, 100, 200, 500, 1000, 2000)
LARGEST = 40.0


@dataclass(frozen=True, slots=True)
class Bound:
    """What the best of several attacks shows.

    Attributes:
        epsilon: the largest that is refuted; 0 where none is.
        guesses: how many coins were guessed.
        right: how many of the guesses were right.
    """

    epsilon: float
    guesses: int
    right: int


def chance_of_right(planted: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The most likely that ``right`` or more guesses can be right under (epsilon, delta) differential privacy.

    ``P[B >= v] + 2 m delta max_i P[v > B >= v - i] / i`` over i = 1...v, where m are planted, v guesses right, and B is
    binomial of the guesses with ``1 / (1 + e^-epsilon)``.

    Raises:
        ValueError: the counts are not ``0 <= right <= guesses <= planted``.
    """
    if not 0 <= right <= guesses <= planted:
        raise ValueError(f"right, guesses, planted: expected {right} <= {guesses} <= {planted}, from 0")
    rate = 1 / (1 + math.exp(-epsilon))
    below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, rate))
    slope = float((below / np.arange(1, right + 1)).max()) if right else 0.0
    return min(float(binom.sf(right - 1, guesses, rate)) + 2 * planted * delta * slope, 1.0)


def refuted(planted: int, guesses: int, right: int, delta: float, level: float) -> float:
    """The largest epsilon under which so many right guesses have a chance of ``level`` at most; 0 where none has."""
    if chance_of_right(planted, guesses, right, 0.0, delta) > level:
        return 0.0
    low, high = 0.0, LARGEST
    for _ in range(50):
        middle = (low + high) / 2
        small = chance_of_right(planted, guesses, right, middle, delta) <= level
        low, high = (middle, high) if small else (low, middle)
    return low


def lower_bound(
    clue: NDArray[np.floating],
    coins: NDArray[np.bool_],
    delta: float,
    *,
    sure: float = 0.95,
    guesses: Sequence[int] = GUESSES,
) -> Bound:
    """Guess "in" where the clue is largest and "out" where it is smallest.

    Each number of guesses is tried; the level is divided among the tries (Bonferroni), so the best may be taken.

    Args:
        clue: (planted,), what the attacker sees of each, larger for "in".
        coins: (planted,), the truth.
        delta: of the guarantee that is audited.
        sure: confidence of the bound.
        guesses: even numbers; those above the number planted are left out.

    Raises:
        ValueError: fewer are planted than the smallest number of guesses.
    """
    tries = [count for count in guesses if count <= len(coins)]
    if not tries:
        raise ValueError(f"planted: {len(coins)} are fewer than {min(guesses)}, the fewest guesses; plant more")
    order = np.argsort(-clue, kind="stable")
    found = []
    for count in tries:
        right = int(coins[order[: count // 2]].sum() + (~coins[order[-(count // 2) :]]).sum())
        found.append(Bound(refuted(len(coins), count, right, delta, (1 - sure) / len(tries)), count, right))
    return max(found, key=lambda bound: bound.epsilon)
