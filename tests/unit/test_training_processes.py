"""Training as processes: killed at any moment it goes on; two processes train as one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.torch import load_file

from indexer.sample import generate
from ranker.training.checkpoint import CHECKPOINT
from ranker.windows import write_windows
from tests.unit.training_help import colour_windows, save_small

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def command(folder, out):
    options = ["--epochs", "30", "--evaluate-every", "5", "--patience", "1000", "--threads", "1", "--json"]
    files = [str(folder / "a.jsonl"), "--start", str(folder / "start"), "--out", str(folder / out), "--test", "0.2"]
    return [sys.executable, "-m", "service", "train", "finetune", *files, *options]


@pytest.fixture
def material(tmp_path):
    write_windows(tmp_path / "a.jsonl", colour_windows())
    save_small(tmp_path / "start")
    return tmp_path


def killed_at(process, checkpoint):
    """Kill -9 as soon as there is a checkpoint."""
    until = time.monotonic() + 300
    while not checkpoint.is_file() and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoint.is_file()


def test_a_killed_run_goes_on_to_the_same_model(material):
    subprocess.run(command(material, "whole"), env=ENVIRONMENT, check=True, capture_output=True)
    process = subprocess.Popen(command(material, "cut"), env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    killed_at(process, material / "cut" / CHECKPOINT)
    done = subprocess.run(command(material, "cut"), env=ENVIRONMENT, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert told["test"]["queries"] > 0
    assert json.loads((material / "cut" / "metrics.json").read_text())["test"] == told["test"]
    assert not (material / "cut" / CHECKPOINT).exists()
    one, two = (load_file(material / name / "model.safetensors") for name in ("whole", "cut"))
    for name, value in one.items():
        np.testing.assert_allclose(value.numpy(), two[name].numpy(), atol=1e-6, err_msg=name)


def test_a_killed_pretraining_from_scratch_goes_on_with_the_tokenizer_that_it_began_with(tmp_path):
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(product) + "\n" for product in generate(7, 100)))
    sizes = ["--vocabulary", "500", "--width", "32", "--layers", "1", "--heads", "2", "--tokens", "32"]
    options = ["--epochs", "1", "--per-step", "16", "--evaluate-every", "3", "--threads", "1", "--json"]
    out = tmp_path / "bert"
    files = [str(tmp_path / "shop.jsonl"), "--start", "scratch", "--out", str(out)]
    pretraining = [sys.executable, "-m", "service", "train", "pretrain", *files, *sizes, *options]
    process = subprocess.Popen(pretraining, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    killed_at(process, out / CHECKPOINT)
    tokens = (out / "tokenizer.json").read_text()
    done = subprocess.run(pretraining, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    assert "step 0/" not in done.stderr
    assert (out / "tokenizer.json").read_text() == tokens
    perplexity = json.loads(done.stdout)["perplexity"]
    assert perplexity["after"] < perplexity["before"]


def test_an_interrupted_run_says_how_to_go_on(material):
    process = subprocess.Popen(command(material, "cut"), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 300
    while not (material / "cut" / CHECKPOINT).is_file() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "goes on from the checkpoint" in told
    assert "Traceback" not in told


def test_two_processes_reach_the_loss_curve_of_one(tmp_path):
    module = "tests.unit.parallel_run"
    alone, both = tmp_path / "alone.json", tmp_path / "both.json"
    subprocess.run([sys.executable, "-m", module, str(alone)], env=ENVIRONMENT, check=True)
    subprocess.run([*TORCHRUN, "-m", module, str(both)], env=ENVIRONMENT, check=True, capture_output=True)
    one, two = json.loads(alone.read_text()), json.loads(both.read_text())
    assert len(one["losses"]) > 40
    np.testing.assert_allclose(two["losses"], one["losses"], atol=2e-3)
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-3)
    assert two["validation"] == pytest.approx(one["validation"], abs=0.02)


def test_the_command_runs_under_torchrun(material):
    # torchrun would take --start for an abbreviation of its own option.
    arguments = [*TORCHRUN, "-m", "--", *command(material, "both")[2:]]
    done = subprocess.run(arguments, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["steps"] > 100
    assert (material / "both" / "pair.onnx").is_file()
