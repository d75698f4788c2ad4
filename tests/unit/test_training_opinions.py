"""Other opinions on words: what each method promises holds for the library as it is asked here."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ranker.candidate import Candidate
from ranker.explain.shapley import sampled
from ranker.explain.signals import READING, HeadGame, of_head
from ranker.explain.words import words_of
from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker
from ranker.signals import FEATURES
from ranker.training.finetune import FusedRanker, new_head
from ranker.training.gradients import COMPLETE, gated_signals, gated_words, integrated
from ranker.training.network import PairNetwork, PairShape
from ranker.training.opinions import agreement, by_lime, by_shap
from ranker.training.served import load_head

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
    found = by_lime(additive, 5, passes=300)
    assert found.contributions == pytest.approx(WEIGHTS, abs=0.15)
    assert found.base == pytest.approx(1.0, abs=0.2)
    assert found.base + found.contributions.sum() + found.gap == pytest.approx(1.0 + WEIGHTS.sum(), abs=1e-9)
    assert 0.99 < found.fit <= 1.0


TEXTS = {"a": "Walking Boots Men | Acme | Brown. Leather, warm.", "b": "Rubber boots | Acme | Red.", "c": "Lamp | Lum."}


def window():
    known = [{"bm25": 9.0, "text_vector": 0.6, "behaviour": 0.7, "price": 20.0}, {"bm25": 4.0, "text_vector": 0.3}, {}]
    return [Candidate(name, text, signals) for (name, text), signals in zip(TEXTS.items(), known, strict=True)]


@pytest.mark.parametrize("depth", [3, 1])
def test_integrated_gradients_of_signals_add_up_and_start_where_shapley_values_start(depth):
    ranker = Ranker(threads=1)
    items = window()
    workings = ranker.work("warm walking boots", items, depth=depth)
    head = load_head(DEFAULT_MODEL, ranker.config)
    for position, item in enumerate(items):
        game = HeadGame(ranker, workings, position)
        assert (READING in game.players) == (position in workings.chosen)
        value = gated_signals(head, game)
        found = integrated(value, len(game.players), steps=64)
        base, exact_parts = of_head(ranker, workings, position)
        assert found.base == pytest.approx(base, abs=1e-4), item.id
        total = base + sum(exact_parts.values())
        assert abs(found.gap) <= COMPLETE
        assert found.base + found.contributions.sum() == pytest.approx(total, abs=2 * COMPLETE)
        # Of a set of players, gates that are shut or open say what the game says.
        sets = np.eye(len(game.players), dtype=bool)
        with torch.no_grad():
            ours = value(torch.from_numpy(sets.astype(np.float32))).numpy()
        assert ours == pytest.approx(game(sets), abs=1e-4)


def test_a_path_of_few_points_gets_more_until_it_adds_up_or_says_what_is_missing():
    def steep(gates):
        return torch.sigmoid(40.0 * (gates.sum(1) - 1.7))

    found = integrated(steep, 3, steps=2)
    assert found.steps > 2
    assert abs(found.gap) <= COMPLETE
    assert found.contributions == pytest.approx(np.full(3, found.contributions[0]), abs=1e-6)
    short = integrated(steep, 3, steps=2, most=2)
    assert short.steps == 2
    assert abs(short.gap) > COMPLETE
    assert short.base + short.contributions.sum() + short.gap == pytest.approx(1.0, abs=1e-5)


def test_integrated_gradients_of_words_add_up_to_the_change_of_the_logit():
    torch.manual_seed(0)
    shape = PairShape(vocabulary=30522, positions=128, width=16, layers=2, heads=2, inner=32, apart=1)
    network = PairNetwork(shape)
    head = new_head(network)
    with torch.no_grad():
        head.text.weight.normal_()
    model = FusedRanker(network, head).eval()
    query, text = "warm walking boots", TEXTS["a"]
    words = words_of(query, text)
    row = np.zeros(len(FEATURES), np.float32)
    item = {"words": words, "row": row, "lengths": (24, 64)}
    tokenizer = DEFAULT_MODEL / "tokenizer.json"
    value = gated_words(model, tokenizer, query, text, **item)
    found = integrated(value, len(words))
    assert found.contributions.shape == (len(words),)
    assert np.abs(found.contributions).max() > 0
    assert abs(found.gap) <= COMPLETE
    with torch.no_grad():
        ends = value(torch.stack([torch.zeros(len(words)), torch.ones(len(words))]))
    assert found.contributions.sum() == pytest.approx(float(ends[1] - ends[0]), abs=1.01 * COMPLETE)
    with pytest.raises(ValueError, match="refused"):
        gated_words(model, tokenizer, "boots without laces", text, **item)


def test_agreement_is_of_ranks_and_of_the_leading_three():
    same = agreement(np.array([1.0, 2.0, 9.0, 0.0]), np.array([0.1, 0.2, 0.3, 0.0]))
    assert (same.tau, same.leading) == (pytest.approx(1.0), 1.0)
    turned = agreement(np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0, 1.0]))
    assert turned.tau == pytest.approx(-1.0)
    # 9, -8, 7 against 9, 1, -8: two of three in common, and by pairs 1 of 6 in the other order.
    other = agreement(np.array([9.0, -8.0, 7.0, 0.5]), np.array([9.0, -8.0, 0.1, 1.0]))
    assert (other.tau, other.leading) == (pytest.approx(4 / 6), pytest.approx(2 / 3))
    assert np.isnan(agreement(np.zeros(3), np.arange(3.0)).tau)
    assert np.isnan(agreement(np.zeros(0), np.zeros(0)).leading)
