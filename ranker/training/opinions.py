"""Other ways to say what matters, to hold an explanation against: SHAP and LIME over the same games as
``ranker.explain`` plays, and how far two of them agree. Each is a library's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from ..explain.shapley import Game

KERNEL = 25.0
"""Width of LIME's kernel over cosine distances times 100, as its text explainer has it."""
LEADING = 3
"""Players that are looked at first."""


def by_shap(game: Game, players: int, *, passes: int, seed: int = 0) -> NDArray[np.float64]:
    """Shapley values by the ``shap`` library's permutation explainer (Lundberg and Lee, NIPS 2017)."""
    import shap

    def value(sets: NDArray[np.float64]) -> NDArray[np.float64]:
        return game(np.asarray(sets) > 0.5)

    nobody, everybody = np.zeros((1, players)), np.ones((1, players))
    explainer = shap.PermutationExplainer(value, nobody, seed=seed)
    found = explainer(everybody, max_evals=max(passes, 2 * players + 1), silent=True)
    result: NDArray[np.float64] = np.asarray(found.values[0], np.float64)
    return result


@dataclass(frozen=True, slots=True)
class Local:
    """A linear model around one item.

    Attributes:
        base: its intercept.
        contributions: its weights, shape (players,).
        gap: value of all players, less ``base`` and the weights: what the linear model misses it by.
        fit: share of the variance around the item that it explains (R², weighted by the kernel); 1 is all of it.
    """

    base: float
    contributions: NDArray[np.float64]
    gap: float
    fit: float


def by_lime(game: Game, players: int, *, passes: int, seed: int = 0) -> Local:
    """A local linear model (LIME; Ribeiro, Singh, Guestrin, KDD 2016) around all players, by the ``lime``
    library: ridge regression over ``passes`` sets that are drawn, near ones weighing more."""
    from lime.lime_base import LimeBase

    sets = np.random.default_rng(seed).integers(0, 2, (passes, players)).astype(bool)
    sets[0] = True
    values = game(sets)
    present = sets.sum(axis=1) / players
    distances = (1.0 - np.sqrt(present)) * 100.0  # of the cosine to all of them
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / KERNEL**2)), random_state=seed)
    # The library explains its first row, in which everybody is there.
    intercept, weights, fit, _ = base.explain_instance_with_data(
        sets.astype(float), values[:, None], distances, 0, players, feature_selection="none"
    )
    found = np.zeros(players)
    for player, weight in weights:
        found[player] = weight
    return Local(float(intercept), found, float(values[0] - intercept - found.sum()), float(fit))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two opinions on the same players agree.

    Attributes:
        tau: Kendall's rank correlation of the contributions, ties counted (tau-b); NaN where one of them says the same
            of every player.
        leading: share of the :data:`LEADING` largest by size that both name.
    """

    tau: float
    leading: float


def agreement(one: NDArray[np.float64], other: NDArray[np.float64]) -> Agreement:
    """Of contributions to the same players, shapes (players,)."""
    if not len(one):
        return Agreement(float("nan"), float("nan"))
    count = min(LEADING, len(one))
    first, second = (set(np.argsort(-np.abs(values), kind="stable")[:count].tolist()) for values in (one, other))
    flat = np.ptp(one) == 0 or np.ptp(other) == 0
    return Agreement(float("nan") if flat else float(kendalltau(one, other).statistic), len(first & second) / count)
