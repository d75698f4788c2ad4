"""The blend: what is learnt from choices is what the choices were made by; its file; what nobody knows stays."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ranker.blend import PRIOR, Blend, BlendFile, blended, contributions, read_blend
from ranker.blendfit import Choice, fit_blend
from ranker.candidate import Candidate, Ranking, Scored
from ranker.errors import ModelError

TRUE = {"together": 1.5, "profile": 3.0, "trending": -0.5}


def chosen_by(weights: dict[str, float], model: float, people: int, each: int) -> list[Choice]:
    """Choices of people who follow a conditional logit exactly, drawn."""
    dice = np.random.default_rng(3)
    found = []
    for number in range(people * each):
        scores = dice.uniform(0.1, 0.9, 12)
        signals = [{name: float(dice.uniform()) for name in weights} for _ in range(12)]
        logits = np.array(
            [
                model * math.log(score / (1 - score)) + sum(weights[name] * (one[name] - 0.5) for name in weights)
                for score, one in zip(scores, signals, strict=True)
            ]
        )
        chances = np.exp(logits) / np.exp(logits).sum()
        found.append(Choice(f"p{number % people}", list(scores), signals, {int(dice.choice(12, p=chances)): 2.0}))
    return found


@pytest.mark.slow
def test_the_weights_are_found_that_the_choices_were_made_by():
    fitted = fit_blend(chosen_by(TRUE, 0.4, 200, 8))
    assert fitted.blend.model == pytest.approx(0.4, abs=0.15)
    for name, weight in TRUE.items():
        assert fitted.blend.weights[name] == pytest.approx(weight, abs=0.35), name
    assert set(fitted.learnt) == set(TRUE)
    assert {name: fitted.blend.weights[name] for name in PRIOR.weights if name not in TRUE} == {
        name: weight for name, weight in PRIOR.weights.items() if name not in TRUE
    }
    assert fitted.held_out.shape == fitted.held_out_prior.shape == (200,)
    assert fitted.held_out.mean() > fitted.held_out_prior.mean()


def test_a_fixed_signal_keeps_its_weight_and_still_counts():
    fitted = fit_blend(chosen_by(TRUE, 1.0, 60, 6), fixed=["profile"])
    assert fitted.blend.weights["profile"] == PRIOR.weights["profile"]
    assert "profile" not in fitted.learnt


def test_the_solution_is_a_minimum_of_the_written_out_loss():
    choices = chosen_by(TRUE, 1.0, 30, 4)
    fitted = fit_blend(choices)
    names = list(fitted.learnt)

    def loss(values: np.ndarray) -> float:
        total = weight = 0.0
        for choice in choices:
            logits = np.array(
                [
                    values[0] * math.log(score / (1 - score))
                    + sum(values[1 + place] * (one[name] - 0.5) for place, name in enumerate(names))
                    for score, one in zip(choice.scores, choice.signals, strict=True)
                ]
            )
            for place, value in choice.chosen.items():
                total -= value * (logits[place] - math.log(np.exp(logits).sum()))
                weight += value
        start = np.array([PRIOR.model, *(PRIOR.weights[name] for name in names)])
        return total / weight + 0.5 * fitted.pull * float(((values - start) ** 2).sum())

    best = np.array([fitted.blend.model, *(fitted.blend.weights[name] for name in names)])
    for direction in np.random.default_rng(0).normal(size=(20, len(best))):
        assert loss(best) <= loss(best + 0.05 * direction) + 1e-9


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="4 people"):
        fit_blend(chosen_by(TRUE, 1.0, 4, 5))


def test_a_blend_is_used_as_it_says():
    window = [Candidate("a", None, {"profile": 1.0}), Candidate("b", None, {})]
    ranking = Ranking((Scored("b", 1, 0.9), Scored("a", 0, 0.2)), "m", None, 2)
    assert [item.id for item in blended(ranking, window, Blend(1.0, {"profile": 2.0})).items] == ["b", "a"]
    moved = blended(ranking, window, Blend(0.0, {"profile": 2.0}))
    assert [item.id for item in moved.items] == ["a", "b"]
    assert moved.items[0].score == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert contributions({"profile": 0.25, "unheard": 1.0}, Blend(1.0, {"profile": 2.0})) == {"profile": -0.5}


def test_its_file_is_read_back_and_a_damaged_one_is_named(tmp_path: Path):
    path = tmp_path / "b.json"
    made = BlendFile(catalogue="c", model=0.5, weights={"profile": 2.0}, people={"people": 9})
    path.write_text(made.model_dump_json())
    assert read_blend(path) == made.blend
    good = json.loads(made.model_dump_json())
    for field, value in (
        ("model", "much"),
        ("format", 2),
        ("weights", {"unheard": 1.0}),
        ("weights", {"profile": None}),
    ):
        path.write_text(json.dumps({**good, field: value}))
        with pytest.raises(ModelError, match=field):
            read_blend(path)
    path.write_text(json.dumps(good).replace("0.5", "NaN"))
    with pytest.raises(ModelError):
        read_blend(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_blend(tmp_path / "none.json")
