"""Ways of training: each learns, each can be cut off, and what is left is a model of the same make."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ranker.errors import TrainingDataError
from ranker.model import Ranker
from ranker.training.data import prepare
from ranker.training.losses import loss_of, squared
from ranker.training.methods import Method, method_of, optimiser_of
from ranker.training.save import load_trained
from ranker.training.settings import FinetuneSettings
from tests.unit.training_help import SETTINGS, colour_windows, finetune, lengths, save_small, small

ADAPTERS = ("lora", "adalora", "bottleneck")


def logits(model, window) -> np.ndarray:
    example = prepare([window], lengths(), drops=1)[0]
    model.eval()
    found = []
    for row, item in enumerate(window.candidates):
        batch = lengths().batches(window.query, [item.text])[0]
        with torch.no_grad():
            parts = [torch.from_numpy(x) for x in (batch.ids, batch.positions, batch.segments)]
            found.append(float(model(*parts, torch.from_numpy(example.features[0][row : row + 1]))))
    return np.array(found)


@pytest.mark.parametrize("method", ADAPTERS)
def test_adapters_learn_with_few_parameters_and_merge_into_the_model(method, tmp_path):
    settings = SETTINGS.model_copy(
        update={"method": method, "adapter_rate": 1e-2, "rank": 4, "epochs": 8.0, "validation_share": 0.0}
    )
    model, windows = small(), colour_windows()
    losses: list[float] = []
    outcome = finetune(model, windows, lengths(), settings, report=lambda step: losses.append(step.loss))
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[1:9])
    assert outcome.parameters["trained"] < 0.05 * outcome.parameters["all"]
    names = {name for name, _ in small().named_parameters()}
    assert {name for name, _ in model.named_parameters()} == names
    save_small(tmp_path, model)
    again = load_trained(tmp_path)
    window = windows[0]
    np.testing.assert_array_equal(logits(again, window), logits(model, window))
    served = {item.position: item.score for item in Ranker(tmp_path).rank(window.query, window.candidates).items}
    expected = 1 / (1 + np.exp(-logits(model, window)))
    np.testing.assert_allclose([served[row] for row in range(len(expected))], expected, atol=0.03)


@pytest.mark.parametrize("method", ADAPTERS)
def test_adapters_begin_as_the_model_and_merging_changes_nothing(method):
    window = colour_windows()[0]
    settings = SETTINGS.model_copy(update={"method": method})
    model = small()
    before = logits(model, window)
    made = method_of(model, settings, 100)
    np.testing.assert_allclose(logits(model, window), before, atol=1e-6)
    torch.manual_seed(5)
    with torch.no_grad():
        for value in made._adapters:
            value.normal_(0, 0.2)
    moved = logits(model, window)
    assert np.abs(moved - before).max() > 1e-3
    made.merge()
    np.testing.assert_allclose(logits(model, window), moved, atol=1e-5)


@pytest.mark.parametrize("method", ADAPTERS)
def test_an_interrupted_run_with_adapters_goes_on_to_the_same_weights(method, tmp_path):
    windows = colour_windows()
    settings = SETTINGS.model_copy(update={"method": method, "epochs": 4.0, "evaluate_every": 5, "adapter_rate": 1e-2})
    whole = small()
    finetune(whole, windows, lengths(), settings)

    def stop(progress):
        if progress.step == 18:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(small(), windows, lengths(), settings, folder=tmp_path, report=stop)
    resumed = small()
    steps: list[int] = []
    finetune(resumed, windows, lengths(), settings, folder=tmp_path, report=lambda one: steps.append(one.step))
    assert steps[0] == 19
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-5)


def test_lora_of_the_shipped_size_trains_at_most_two_percent():
    from ranker.training.finetune import FusedRanker, new_head
    from ranker.training.network import PairNetwork

    network = PairNetwork()
    made = method_of(FusedRanker(network, new_head(network)), FinetuneSettings(method="lora"), 100)
    assert made.trained_parameters <= 0.02 * made.all_parameters


def test_a_run_too_short_for_adalora_is_refused():
    with pytest.raises(TrainingDataError, match="raise epochs"):
        finetune(small(), colour_windows(), lengths(), SETTINGS.model_copy(update={"method": "adalora", "epochs": 0.5}))


@pytest.mark.parametrize(("optimiser", "rate"), [("adam", 1e-3), ("sgd", 0.1)])
def test_other_optimisers_learn(optimiser, rate):
    settings = SETTINGS.model_copy(
        update={"optimiser": optimiser, "backbone_rate": rate, "head_rate": rate, "epochs": 8.0}
    )
    losses: list[float] = []
    finetune(small(), colour_windows(), lengths(), settings, report=lambda step: losses.append(step.loss))
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[1:9])


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_pointwise_losses_learn(loss):
    losses: list[float] = []
    settings = SETTINGS.model_copy(update={"loss": loss, "epochs": 8.0, "epsilon": 0.5})
    outcome = finetune(small(), colour_windows(), lengths(), settings, report=lambda step: losses.append(step.loss))
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[1:9])
    assert outcome.validation["ndcg@10"] > 0.6


def test_losses_equal_slow_versions():
    logit, grade = torch.tensor([0.3, -1.0]), torch.tensor([3.0, 1.0])
    weight = torch.tensor([1.0, 0.5])
    f = [1 / (1 + math.exp(-x)) for x in logit.tolist()]
    y = [1.0, 1 / 3]
    squares = sum(w * (a - b) ** 2 for w, a, b in zip(weight.tolist(), f, y, strict=True)) / 1.5
    assert float(squared(logit, grade, weight)) == pytest.approx(squares, rel=1e-5)
    entropy = -sum(
        w * (b * math.log(a) + (1 - b) * math.log(1 - a)) for w, a, b in zip(weight.tolist(), f, y, strict=True)
    )
    plain = loss_of(FinetuneSettings(loss="bce"), logit, grade, weight)
    assert float(plain) == pytest.approx(entropy / 1.5, rel=1e-5)
    pulled = loss_of(FinetuneSettings(loss="bce", epsilon=0.4), logit, grade, weight)
    assert float(pulled - plain) == pytest.approx(0.16 * squares, rel=1e-4)


def test_lower_layers_learn_slower():
    settings = FinetuneSettings(layer_decay=0.5, backbone_rate=8e-5, freeze_words=False)
    model = small()
    optimiser = optimiser_of(Method(model, settings, 10).groups(), settings)
    rates = {id(value): group["lr"] for group in optimiser.param_groups for value in group["params"]}
    network = model.network
    assert rates[id(network.stack[1].query.weight)] == pytest.approx(8e-5)
    assert rates[id(network.stack[0].query.weight)] == pytest.approx(4e-5)
    assert rates[id(network.words.weight)] == pytest.approx(2e-5)
    assert len(rates) == len(list(model.parameters()))
