"""What held-out items tell of the weights of the sequence model's signal and of the category."""

from __future__ import annotations

import numpy as np
import pytest

from ranker.blend import PRIOR, told_by
from ranker.training.told import told

ITEMS, KINDS, PEOPLE = 40, 5, 150
PATHS = [("all", f"kind {item % KINDS}") for item in range(ITEMS)]


def weights(*, sure: float, same: float) -> dict[str, float]:
    """What is told where the next item is the one that the model holds likeliest with a chance of ``sure``, else one of
    the latest item's kind with a chance of ``same``, else any."""
    dice = np.random.default_rng(5)
    histories, following, likely = [], [], []
    for _ in range(PEOPLE):
        last = int(dice.integers(ITEMS))
        best, *rest = (int(item) for item in dice.permutation([item for item in range(ITEMS) if item != last]))
        kin = [item for item in rest if item % KINDS == last % KINDS]
        first, second = dice.uniform(), dice.uniform()
        following.append(best if first < sure else int(dice.choice(kin if second < same else rest)))
        histories.append([last])
        chances = np.full(ITEMS, 0.5 / ITEMS, np.float32)
        chances[best] += 0.5
        likely.append(chances)
    return told(histories, following, lambda person: likely[person], PATHS, seed=1)


def test_a_model_that_foretells_is_trusted_and_one_that_does_not_is_not() -> None:
    good, bad = weights(sure=0.6, same=0.3), weights(sure=0.02, same=0.3)
    assert good["sequence"] > PRIOR.weights["sequence"] > bad["sequence"]


def test_the_category_counts_where_people_go_on_to_the_same_kind() -> None:
    shop, films = weights(sure=0.2, same=0.95), weights(sure=0.2, same=0.1)
    assert shop["category"] > PRIOR.weights["category"] > films["category"]
    assert films["category"] == pytest.approx(0.0, abs=1.0)


def test_where_nothing_is_known_the_priors_stay() -> None:
    assert told([[0]], [1], lambda _: np.ones(2, np.float32) / 2, [(), ()], seed=1) == {}
    few = told([[0]] * 9, [1] * 9, lambda _: np.ones(3, np.float32) / 3, [()] * 3, seed=1)
    assert set(few) == {"sequence"}
    blend = told_by({"sequence": 7.0})
    assert (blend.weights["sequence"], blend.weights["together"]) == (7.0, PRIOR.weights["together"])
    assert blend.model == PRIOR.model
