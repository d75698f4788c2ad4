"""The audit's bound is the published formula, and holds for a mechanism whose epsilon is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.one_run_audit import chance_of_right, lower_bound, refuted


def slow_chance(planted: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Theorem 5.2 of Steinke, Nasr, Jagielski (2023), term by term."""
    rate = math.exp(epsilon) / (1 + math.exp(epsilon))
    exactly = [math.comb(guesses, k) * rate**k * (1 - rate) ** (guesses - k) for k in range(guesses + 1)]
    best = max((sum(exactly[right - i : right]) / i for i in range(1, right + 1)), default=0.0)
    return min(sum(exactly[right:]) + 2 * planted * delta * best, 1.0)


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(("guesses", "right"), [(1, 1), (12, 0), (12, 7), (30, 28), (60, 60)])
@pytest.mark.parametrize("delta", [0.0, 1e-5, 1e-2])
def test_chance_is_the_published_formula(epsilon: float, guesses: int, right: int, delta: float) -> None:
    assert chance_of_right(80, guesses, right, epsilon, delta) == pytest.approx(
        slow_chance(80, guesses, right, epsilon, delta), rel=1e-9
    )


def test_all_right_has_a_closed_form() -> None:
    rate = 0.05 ** (1 / 100)
    assert refuted(1000, 100, 100, 0.0, 0.05) == pytest.approx(math.log(rate / (1 - rate)), abs=1e-6)


def test_chance_level_refutes_nothing_and_delta_lowers_the_bound() -> None:
    assert refuted(1000, 100, 50, 0.0, 0.05) == 0.0
    assert 0.0 < refuted(1000, 100, 95, 1e-5, 0.05) < refuted(1000, 100, 95, 0.0, 0.05)


def test_bound_holds_for_randomised_response() -> None:
    # Telling each coin rightly with e^eps / (1 + e^eps) is eps-private: at 95 % the bound errs in 5 of 100 runs.
    epsilon, chance = 1.0, np.random.default_rng(5)
    bounds = []
    for _ in range(100):
        coins = chance.random(500) < 0.5
        told = coins ^ (chance.random(500) > 1 / (1 + math.exp(-epsilon)))
        # Among equal answers order is chance.
        bounds.append(lower_bound(told + 0.1 * chance.random(500), coins, 0.0).epsilon)
    assert sum(bound > epsilon for bound in bounds) <= 10
    assert np.mean(bounds) > 0.4


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="right, guesses, planted"):
        chance_of_right(10, 20, 5, 1.0, 0.0)
    with pytest.raises(ValueError, match="plant more"):
        lower_bound(np.zeros(3), np.zeros(3, bool), 0.0)
