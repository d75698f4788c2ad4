"""Other opinions on words: what each method promises holds for the library as it is asked here."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ranker.explain.shapley import sampled
from ranker.explain.words import words_of
from ranker.folder import DEFAULT_MODEL
from ranker.signals import FEATURES
from ranker.training.finetune import FusedRanker, new_head
from ranker.training.network import PairNetwork, PairShape
from ranker.training.opinions import agreement, by_gradients, by_lime, by_shap, gated

WEIGHTS = np.array([3.0, -2.0, 0.0, 1.0, 0.5])


def additive(sets):
    return sets.astype(float) @ WEIGHTS + 1.0


def with_pairs(sets):
    one = sets.astype(float)
    return one @ WEIGHTS + 2.0 * one[:, 0] * one[:, 1] - 3.0 * one[:, 2] * one[:, 4]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_the_library_gives_the_shapley_values_that_we_give():
    ours = sampled(5, with_pairs, passes=20)
    assert by_shap(with_pairs, 5, passes=200) == pytest.approx(ours.contributions, abs=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_a_local_linear_model_of_a_linear_game_is_the_game():
    assert by_lime(additive, 5, passes=300) == pytest.approx(WEIGHTS, abs=0.15)


def test_integrated_gradients_add_up_to_the_change_of_the_logit():
    torch.manual_seed(0)
    shape = PairShape(vocabulary=30522, positions=128, width=16, layers=2, heads=2, inner=32, apart=1)
    network = PairNetwork(shape)
    head = new_head(network)
    with torch.no_grad():
        head.text.weight.normal_()
    model = FusedRanker(network, head).eval()
    query, text = "warm walking boots", "Walking Boots Men | Acme | Brown. Leather, warm."
    words = words_of(query, text)
    row = np.zeros(len(FEATURES), np.float32)
    item = {"words": words, "row": row, "lengths": (24, 64)}
    found = by_gradients(model, DEFAULT_MODEL / "tokenizer.json", query, text, **item, steps=128)
    assert found.shape == (len(words),)
    assert np.abs(found).max() > 0
    value = gated(model, DEFAULT_MODEL / "tokenizer.json", query, text, **item)
    with torch.no_grad():
        ends = value(torch.stack([torch.zeros(len(words)), torch.ones(len(words))]))
    assert found.sum() == pytest.approx(float(ends[1] - ends[0]), abs=2e-2)
    with pytest.raises(ValueError, match="refused"):
        by_gradients(
            model, DEFAULT_MODEL / "tokenizer.json", "boots without laces", text, words=words, row=row, lengths=(24, 64)
        )


def test_agreement_is_of_ranks():
    assert agreement(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3])) == pytest.approx(1.0)
    assert agreement(np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)
    assert np.isnan(agreement(np.zeros(3), np.arange(3.0)))
