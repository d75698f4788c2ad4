"""Hyperparameters are chosen on validation; hard negatives are what a ranking mistakes for relevant."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ranker.candidate import Candidate
from ranker.training.mining import mined
from ranker.windows import Window, read_windows, write_windows
from service.cli import build
from service.training import Data
from service.tuning import JOURNAL, Budget, run_tune
from tests.unit.training_help import SETTINGS, colour_windows, save_small


def test_the_hardest_unjudged_are_kept_and_those_that_may_be_relevant_are_not():
    scores = np.array([0.9, 0.88, 0.8, 0.7, 0.6, 0.5, 0.1])
    items = tuple(Candidate(str(number), "x", {}) for number in range(7))
    window = Window("q", "q", "s", items, (3, None, None, None, 0, None, None))
    random = np.random.default_rng(1)
    kept = mined(window, scores, hard=2, easy=1, random=random)
    # 1 scores above 95 % of the only relevant one.
    assert [item.id for item in kept.candidates][:4] == ["0", "2", "3", "4"]
    assert len(kept.candidates) == 5
    assert kept.grades[:4] == (3, None, None, 0)
    assert "1" in {item.id for item in mined(window, scores, hard=2, easy=0, random=random, margin=1.0).candidates}
    assert len(mined(window, scores, hard=0, easy=0, random=random).candidates) == 2


def test_the_command_mines_by_the_first_stage_and_by_a_model(tmp_path):
    windows = []
    for window in colour_windows()[:4]:
        items = tuple(
            Candidate(item.id, item.text, {"bm25": row + 9.0 * (grade == 3), "text_vector": 0.5})
            for row, (item, grade) in enumerate(zip(window.candidates, window.grades, strict=True))
        )
        grades = tuple(grade if grade == 3 else None for grade in window.grades)
        windows.append(Window(window.query_id, window.query, "s", items, grades))
    write_windows(tmp_path / "w.jsonl", windows)
    save_small(tmp_path / "model")
    for by in ("first_stage", str(tmp_path / "model")):
        arguments = ["train", "mine", str(tmp_path / "w.jsonl"), "--out", str(tmp_path / "m.jsonl"), "--by", by]
        done = CliRunner().invoke(build(), [*arguments, "--hard", "2", "--easy", "0", "--margin", "9"])
        assert done.exit_code == 0, done.output
        found = list(read_windows(tmp_path / "m.jsonl"))
        assert all(3 in window.grades and len(window.candidates) == 3 for window in found)


def test_the_search_goes_on_and_the_test_part_is_looked_at_once(tmp_path):
    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")

    def tune(trials: int):
        arguments = ["train", "tune", str(tmp_path / "a.jsonl"), "--start", str(tmp_path / "start"), "--json"]
        arguments += ["--out", str(tmp_path / "out"), "--epochs", "1", "--evaluate-every", "3", "--threads", "1"]
        budget = ["--trials", str(trials), "--method", "head", "--method", "signals", "--test", "0.2"]
        return CliRunner().invoke(build(), [*arguments, *budget])

    first = tune(2)
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told["trials"] == 2
    assert told["best"]["method"] in ("head", "signals")
    assert told["test"]["queries"] > 0
    assert (tmp_path / "out" / "pair.onnx").is_file()
    again = json.loads(tune(3).stdout)
    assert again["trials"] == 3
    assert (tmp_path / "out" / JOURNAL).is_file()


def test_a_search_that_was_cut_off_draws_what_it_would_have_drawn(tmp_path):
    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")
    base = SETTINGS.model_copy(update={"epochs": 0.5, "evaluate_every": 2})
    told = []

    def search(out, stop=None):
        def tried(number, value):
            told.append((out, number, value))
            if number == stop:
                raise KeyboardInterrupt

        return run_tune(
            Data([tmp_path / "a.jsonl"]),
            tmp_path / out,
            start=str(tmp_path / "start"),
            name="small",
            base=base,
            methods=["head", "signals"],
            budget=Budget(4, 60),
            tried=tried,
            report=lambda _: None,
        )

    whole = search("whole")
    with pytest.raises(KeyboardInterrupt):
        search("cut", stop=1)
    cut = search("cut")
    assert [row[1:] for row in told if row[0] == "cut"] == [row[1:] for row in told if row[0] == "whole"]
    assert (cut["trials"], cut["best"], cut["best_value"]) == (whole["trials"], whole["best"], whole["best_value"])


def test_a_method_that_does_not_exist_and_no_validation_are_refused(tmp_path):
    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")
    arguments = ["train", "tune", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out")]
    arguments += ["--start", str(tmp_path / "start")]
    wrong = CliRunner().invoke(build(), [*arguments, "--method", "prefix"])
    assert wrong.exit_code == 2
    assert "method" in wrong.stderr
    without = CliRunner().invoke(build(), [*arguments, "--validation", "0"])
    assert without.exit_code == 1
    assert "validation" in without.stderr
