"""What goes wrong in training is said clearly, and the last good checkpoint is kept."""

from __future__ import annotations

import json
import pickle
import resource

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from ranker.candidate import Candidate
from ranker.errors import CheckpointError, ModelError, TrainingDataError
from ranker.training import checkpoint
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.finetune import finetune as finetune_parts
from ranker.training.save import load_trained
from ranker.training.splits import Split, check_apart, split
from ranker.windows import Window, write_windows
from service.cli import build
from service.training import Data, load_start
from tests.unit.training_help import SETTINGS, colour_windows, finetune, lengths, save_small, small


def test_no_query_is_in_two_parts_and_the_test_part_stays_the_same():
    windows = [
        Window(f"q{number}", f"query {number % 200}", "s", (Candidate("a", "a"),), (number % 2,))
        for number in range(400)
    ]
    one, two = split(windows, validation=0.1, test=0.2), split(windows, validation=0.3, test=0.2)
    check_apart(one)
    assert {window.query_id for window in one.test} == {window.query_id for window in two.test}
    assert sum(one.counts().values()) == 400
    assert 40 <= len(one.test) <= 120
    assert 10 <= len(one.validation) <= 80


@pytest.mark.parametrize(("one", "two"), [("training", "validation"), ("training", "test"), ("validation", "test")])
def test_a_query_in_two_parts_is_refused(one, two):
    window = colour_windows()[0]
    twin = Window("another id", " ".join(window.query.upper().split()), "s", window.candidates, window.grades)
    parts = Split(colour_windows()[5:9], [], [])
    getattr(parts, one).append(window)
    getattr(parts, two).append(twin)
    with pytest.raises(TrainingDataError, match=f"is in {one} and in {two}"):
        finetune_parts(small(), parts, lengths(), SETTINGS)


def test_a_query_in_two_files_is_refused(tmp_path):
    windows = colour_windows()
    write_windows(tmp_path / "a.jsonl", windows)
    write_windows(tmp_path / "b.jsonl", windows[:2])
    save_small(tmp_path / "start")
    done = run(tmp_path, "--test-file", str(tmp_path / "b.jsonl"))
    assert done.exit_code == 1
    assert "is in training and in test" in " ".join(done.stderr.split())
    parts = Data([tmp_path / "a.jsonl"], test=[tmp_path / "b.jsonl"]).read(SETTINGS)
    assert len(parts.test) == 2


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path):
    windows = colour_windows()
    settings = SETTINGS.model_copy(update={"epochs": 3.0, "evaluate_every": 4})

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(progress):
        if progress.step == 6:
            # From here on the kernel refuses to write a file of this size.
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))

    try:
        with pytest.raises(CheckpointError, match="the last good one is kept"):
            finetune(small(), windows, lengths(), settings, folder=tmp_path, report=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    found = checkpoint.read(tmp_path)
    assert found is not None
    assert found[1]["step"] == 4
    resumed, whole = small(), small()
    finetune(resumed, windows, lengths(), settings, folder=tmp_path)
    finetune(whole, windows, lengths(), settings)
    torch.testing.assert_close(resumed.head.text.weight, whole.head.text.weight)


def test_a_checkpoint_of_another_start_is_refused(tmp_path):
    settings = SETTINGS.model_copy(update={"epochs": 1.0, "evaluate_every": 2})
    finetune(small(), colour_windows(), lengths(), settings, folder=tmp_path)
    other = small()
    with torch.no_grad():
        other.head.text.weight += 1
    with pytest.raises(CheckpointError, match="other start"):
        finetune(other, colour_windows(), lengths(), settings, folder=tmp_path)
    with pytest.raises(CheckpointError, match="other data"):
        finetune(small(), colour_windows()[1:], lengths(), settings, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04.", pickle.dumps({"a": 1})])
def test_a_checkpoint_that_is_none_is_refused(tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        finetune(small(), colour_windows(), lengths(), SETTINGS, folder=tmp_path)


def test_a_pickle_named_safetensors_and_other_architectures_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps({"words.weight": [1.0]}))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_act": "gelu"}))
    with pytest.raises(ModelError, match="not safetensors"):
        load_start(tmp_path)
    with pytest.raises(ModelError, match="safetensors"):
        load_trained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="a BERT"):
        load_start(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        load_start(tmp_path)


@pytest.mark.parametrize(
    ("grades", "says"),
    [("", "empty"), ("0", "every judgment is 0"), ("7", "grade"), ("-1", "grade"), ("null", "no candidate")],
)
def test_the_command_names_bad_data_in_one_line(tmp_path, grades, says):
    save_small(tmp_path / "start")
    line = (
        '{"query_id": "q%d", "query": "red %d", "source": "s", "candidates": [{"id": "a", "text": "t", "grade": %s}]}\n'
    )
    (tmp_path / "a.jsonl").write_text("".join(line % (n, n, grades) for n in range(30)) if grades else "")
    done = run(tmp_path)
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stderr.strip().count("\n") <= 2
    assert not (tmp_path / "out" / "pair.onnx").exists()


def test_a_method_that_does_not_exist_is_named(tmp_path):
    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")
    done = run(tmp_path, "--method", "prefix")
    assert done.exit_code == 2
    assert "method" in done.stderr


def run(folder, *more: str):
    command = ["train", "finetune", str(folder / "a.jsonl"), "--out", str(folder / "out"), "--start"]
    return CliRunner().invoke(build(), [*command, str(folder / "start"), "--epochs", "0.2", *more])
