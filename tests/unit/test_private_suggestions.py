"""The private choice of suggestions: its bound on people, its noise against theory, and what an attacker can refute."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from personal.suggestions.daily import Spent, composed
from personal.suggestions.private import Budget, counted, released

CHANCES = 4000


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("uvwxyz")), max_size=40), st.integers(1, 3))
def test_one_person_changes_few_counts_by_one_each(typed, most):
    budget = Budget(1.0, queries=most)
    with_all = counted(typed, budget, b"key")
    without = counted([one for one in typed if one[0] != "a"], budget, b"key")
    changed = {query: with_all.get(query, 0) - without.get(query, 0) for query in {*with_all, *without}}
    assert set(changed.values()) <= {0, 1}
    assert sum(changed.values()) <= most
    assert with_all == counted(reversed(typed * 2), budget, b"key")


def test_which_queries_of_a_person_count_is_known_to_the_key_only():
    typed = [("a", str(number)) for number in range(50)]
    budget = Budget(1.0)
    assert len(counted(typed, budget, b"one")) == 3
    assert counted(typed, budget, b"one") != counted(typed, budget, b"other")


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 3.0, 8.0])
def test_what_is_spent_is_within_the_budget_and_no_lower_threshold_would_do(epsilon):
    budget = Budget(epsilon)
    spent, delta = budget.spent()
    assert spent == pytest.approx(epsilon)
    assert delta <= budget.delta < budget.shown_alone(budget.threshold() - 1)


def test_a_query_of_one_person_is_shown_as_often_as_is_said():
    budget = Budget(2.0, delta=9e-4, queries=1)
    noisy = released(dict.fromkeys(map(str, range(CHANCES)), 4), budget)
    # Three more stand for a threshold lower by three, where the chance is large enough to be counted.
    said = budget.shown_alone(budget.threshold() - 3)
    assert min(noisy.values()) == budget.threshold()
    assert abs(len(noisy) - CHANCES * said) < 5 * np.sqrt(CHANCES * said)


def _refuted(mechanism, delta, with_person, without):
    """The largest epsilon that draws of two neighbours refute at 99.998 %; their first half chooses the event."""
    halves = []
    for _ in range(2):
        found = []
        for count in (with_person, without):
            shown = mechanism(dict.fromkeys(map(str, range(CHANCES)), count))
            found.append(np.array(list(shown.values())))
        halves.append(found)

    def bound(half, at_least):
        often, seldom = (int(np.sum(part >= at_least)) for part in half)
        low = beta.ppf(1e-5, often, CHANCES - often + 1) if often else 0.0
        high = beta.ppf(1.0 - 1e-5, seldom + 1, CHANCES - seldom) if seldom < CHANCES else 1.0
        return math.log(max(low - delta, 1e-12) / high)

    # Chosen by the bound itself: a rare event looks like the best one by chance, and refutes little in the other half.
    best = max(np.unique(halves[0][0]), key=lambda at_least: bound(halves[0], at_least))
    return bound(halves[1], best)


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0])
def test_an_attacker_who_sees_the_choice_refutes_no_epsilon_above_the_stated_one(epsilon):
    budget = Budget(epsilon, queries=1)
    threshold = budget.threshold()
    lower = _refuted(lambda counts: released(counts, budget), budget.delta, threshold, threshold - 1)
    assert 0.5 * epsilon < lower <= epsilon

    def bare(counts):
        return {query: count for query, count in counts.items() if count >= threshold}

    assert _refuted(bare, budget.delta, threshold, threshold - 1) > 2 * epsilon
    thin = Budget(4 * epsilon, queries=1)
    least = thin.threshold()
    assert _refuted(lambda counts: released(counts, thin), budget.delta, least, least - 1) > epsilon


def test_days_add_up():
    records = [Spent("shop", day, 1.0, 1e-6, 3, 10) for day in range(7)]
    assert composed(records) == pytest.approx((7.0, 7e-6))
