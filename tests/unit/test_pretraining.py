"""Masked-language modelling: tokens are hidden as BERT hides them, and a shop's words are learned."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM
from typer.testing import CliRunner

from indexer.sample import generate
from plugin.document import passage
from ranker.errors import CheckpointError, TrainingDataError
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.masking import IGNORED, Vocabulary, masked
from ranker.training.pretrain import pieces_of, pretrain
from ranker.training.settings import PretrainSettings
from ranker.training.wordpiece import SPECIAL, train_wordpiece, vocabulary_of
from ranker.windows import write_windows
from service.cli import build
from tests.unit.training_help import colour_windows

TEXTS = [passage(product)[:120] for product in generate(7, 300)]
SETTINGS = PretrainSettings(
    epochs=3, texts_per_step=16, tokens=32, rate=2e-3, evaluate_every=20, bf16=False, threads=1, held_out=0.1
)


def tiny():
    tokenizer = train_wordpiece(TEXTS, 600)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    return BertForMaskedLM(config), tokenizer


def test_tokens_are_hidden_in_the_published_shares():
    vocabulary = Vocabulary(1000, 4, frozenset(range(5)), np.zeros(1000, bool))
    random = np.random.default_rng(3)
    ids = random.integers(5, 1000, (400, 100))
    ids[:, 0], ids[:, -1] = 2, 3
    shown, labels = masked(ids, vocabulary, random)
    chosen = labels != IGNORED
    assert not chosen[:, [0, -1]].any()
    assert np.array_equal(labels[chosen], ids[chosen])
    assert np.array_equal(shown[~chosen], ids[~chosen])
    assert chosen[:, 1:-1].mean() == pytest.approx(0.15, abs=0.01)
    assert (shown[chosen] == 4).mean() == pytest.approx(0.8, abs=0.02)
    assert (shown[chosen] == ids[chosen]).mean() == pytest.approx(0.1, abs=0.02)
    assert not np.isin(shown[chosen], [0, 1, 2, 3]).any()


def test_all_pieces_of_a_word_are_hidden_together():
    inner = np.zeros(100, bool)
    inner[50:] = True
    vocabulary = Vocabulary(100, 4, frozenset(range(5)), inner)
    random = np.random.default_rng(3)
    ids = np.tile(np.array([2, 10, 60, 61, 11, 12, 70, 3]), (500, 1))
    _, labels = masked(ids, vocabulary, random, share=0.3, whole_words=True)
    chosen = labels != IGNORED
    assert np.array_equal(chosen[:, 1], chosen[:, 2])
    assert np.array_equal(chosen[:, 1], chosen[:, 3])
    assert np.array_equal(chosen[:, 5], chosen[:, 6])
    assert chosen[:, 4].mean() == pytest.approx(0.3, abs=0.07)


def test_a_tokenizer_of_the_text_cuts_and_pads_as_bert():
    tokenizer = train_wordpiece(TEXTS, 600)
    assert [tokenizer.token_to_id(name) for name in SPECIAL] == [0, 1, 2, 3, 4]
    assert tokenizer.get_vocab_size() <= 600
    encoded = tokenizer.encode("Red SHOES")
    assert encoded.tokens[0] == "[CLS]"
    assert encoded.tokens[-1] == "[SEP]"
    assert vocabulary_of(tokenizer).special == {0, 1, 2, 3, 4}
    pieces = pieces_of(["word " * 50], tokenizer, 20)
    assert all(len(piece) <= 20 and piece[0] == 2 and piece[-1] == 3 for piece in pieces)
    assert sum(len(piece) - 2 for piece in pieces) == len(tokenizer.encode("word " * 50).ids) - 2


def test_held_out_text_is_guessed_better_and_better():
    model, tokenizer = tiny()
    outcome = pretrain(model, tokenizer, TEXTS, SETTINGS)
    assert outcome.before > 300
    assert outcome.after < 0.7 * outcome.before
    assert outcome.after < outcome.head <= outcome.before
    assert outcome.pieces["held_out"] >= 15


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path):
    settings = SETTINGS.model_copy(update={"epochs": 1.0, "evaluate_every": 6})
    whole, tokenizer = tiny()
    one = pretrain(whole, tokenizer, TEXTS, settings)

    def stop(progress):
        if progress.step == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(tiny()[0], tokenizer, TEXTS, settings, folder=tmp_path, report=stop)
    assert (tmp_path / CHECKPOINT).is_file()
    resumed = tiny()[0]
    two = pretrain(resumed, tokenizer, TEXTS, settings, folder=tmp_path)
    assert (two.before, two.after) == pytest.approx((one.before, one.after))
    for first, second in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(first, second, atol=1e-6, rtol=1e-5)
    with pytest.raises(CheckpointError, match="other data"):
        pretrain(tiny()[0], tokenizer, TEXTS[:-1], settings, folder=tmp_path)


def test_too_little_text_and_a_foreign_vocabulary_are_refused():
    model, tokenizer = tiny()
    with pytest.raises(TrainingDataError, match="too few"):
        pretrain(model, tokenizer, TEXTS[:5], SETTINGS)
    with pytest.raises(TrainingDataError, match="belong apart"):
        pretrain(model, train_wordpiece(TEXTS, 900), TEXTS, SETTINGS)


def test_from_scratch_to_a_fine_tuned_model_by_commands(tmp_path):
    catalogue = tmp_path / "shop.jsonl"
    catalogue.write_text("".join(json.dumps(product) + "\n" for product in generate(7, 200)))
    sizes = ["--vocabulary", "500", "--width", "32", "--layers", "2", "--heads", "2", "--tokens", "32"]
    arguments = ["train", "pretrain", str(catalogue), "--start", "scratch", "--out", str(tmp_path / "bert"), *sizes]
    told = invoke(*arguments, "--epochs", "0.5", "--per-step", "16", "--threads", "1")
    assert told["perplexity"]["after"] < told["perplexity"]["before"]
    again = invoke(
        *["train", "pretrain", str(catalogue), "--start", str(tmp_path / "bert"), "--out", str(tmp_path / "more")],
        *["--epochs", "0.3", "--per-step", "16", "--tokens", "32", "--threads", "1"],
    )
    # The head for words is kept, so going on begins where the run ended, not at chance.
    assert again["perplexity"]["before"] == pytest.approx(told["perplexity"]["after"], rel=0.05)
    write_windows(tmp_path / "a.jsonl", colour_windows())
    tuned = invoke(
        *["train", "finetune", str(tmp_path / "a.jsonl"), "--start", str(tmp_path / "bert"), "--epochs", "1"],
        *["--out", str(tmp_path / "model"), "--threads", "1"],
    )
    assert tuned["steps"] > 0
    assert (tmp_path / "model" / "pair.onnx").is_file()
    assert list((tmp_path / "bert" / "logs").glob("events*"))


def invoke(*arguments: str):
    done = CliRunner().invoke(build(), [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
