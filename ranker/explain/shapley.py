"""Shapley values (Shapley 1953) of small games, exact or by sampled permutations.

A game gives each set of players a value. The contributions of the players add up to the value of all of them less the
value of none; a player who never changes anything gets 0; two who do the same get the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

MOST_EXACT = 14
"""Players of an exact game at most: 16,384 sets, which the head answers in one run of some milliseconds."""

Game = Callable[[NDArray[np.bool_]], NDArray[np.float64]]
"""Sets of players, shape (sets, players), to their values, shape (sets,)."""


def exact(players: int, game: Game) -> tuple[float, NDArray[np.float64]]:
    """Every set of players, in one call of the game.

    Returns:
        (value of nobody, contributions of shape (players,)).

    Raises:
        ValueError: more than :data:`MOST_EXACT` players.
    """
    if players > MOST_EXACT:
        raise ValueError(f"{players} players are {2**players} sets; at most {MOST_EXACT} are enumerated")
    values = game(every_set(players)).astype(np.float64)
    numbers = np.arange(2**players)
    weights = _weights(players)
    sizes = np.bitwise_count(numbers)
    found = np.zeros(players)
    for player in range(players):
        without = numbers[(numbers >> player) & 1 == 0]
        found[player] = weights[sizes[without]] @ (values[without | 1 << player] - values[without])
    return float(values[0]), found


def every_set(players: int) -> NDArray[np.bool_]:
    """All sets; set number n has the players whose bits are set in n."""
    numbers = np.arange(2**players)[:, None]
    result: NDArray[np.bool_] = (numbers >> np.arange(players)) & 1 == 1
    return result


@lru_cache(maxsize=32)
def _weights(players: int) -> NDArray[np.float64]:
    """What a set of each size weighs in the mean over all orders in which players may come."""
    total = factorial(players)
    return np.array([factorial(size) * factorial(players - size - 1) / total for size in range(players)])


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a sampled game gave.

    Attributes:
        base: value of nobody.
        contributions: shape (players,), adding up to the value of all less ``base``.
        error: standard error of each; 0 where every order was seen, NaN where only one was.
        passes: sets whose value was computed.
    """

    base: float
    contributions: NDArray[np.float64]
    error: NDArray[np.float64]
    passes: int


def sampled(
    players: int, game: Game, *, passes: int, seed: int = 0, stop: Callable[[], bool] = lambda: False
) -> Sampled:
    """Permutations of the players, each with its reverse (antithetic), as SHAP's permutation explainer walks them
    (Lundberg and Lee, NIPS 2017; Mitchell et al., JMLR 2022); where all sets fit into ``passes``, exact.

    Args:
        players: how many.
        game: asked walk by walk.
        passes: sets to compute at most; one walk through all players is made in any case.
        seed: of the permutations.
        stop: asked before each further walk; true ends it with what there is.
    """
    if 2**players <= passes and players <= MOST_EXACT:
        base, found = exact(players, game)
        return Sampled(base, found, np.zeros(players), 2**players)
    ends = np.array([[False] * players, [True] * players])
    gains: list[NDArray[np.float64]] = []
    base = total = 0.0
    for order in _orders(players, passes, seed):
        if gains and stop():
            break
        values = game(_walk(order) if gains else np.concatenate([ends, _walk(order)])).astype(np.float64)
        if not gains:
            (base, total), values = values[:2], values[2:]
        gain = np.zeros(players)
        gain[order] = np.diff(np.concatenate([[base], values, [total]]))
        gains.append(gain)
    table = np.stack(gains)
    spread = table.std(axis=0, ddof=1) / np.sqrt(len(table)) if len(table) > 1 else np.full(players, np.nan)
    return Sampled(float(base), table.mean(axis=0), spread, 2 + len(table) * (players - 1))


def _orders(players: int, passes: int, seed: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    walks = max(1, (passes - 2) // max(players - 1, 1))
    orders: list[NDArray[np.int64]] = []
    while len(orders) < walks:
        order = rng.permutation(players)
        orders += [order, order[::-1]][: walks - len(orders)]
    return orders


def _walk(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The sets between nobody and everybody, the players joining in an order."""
    sets = np.zeros((len(order) - 1, len(order)), bool)
    for place, player in enumerate(order[:-1]):
        sets[place:, player] = True
    return sets
