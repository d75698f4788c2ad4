"""Compression: what is left out, what it costs, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from typer.testing import CliRunner

from ranker.candidate import Candidate
from ranker.errors import ModelError, TrainingDataError
from ranker.model import Ranker, sigmoid
from ranker.training.calibrate import best_scale
from ranker.training.compress import compress, distilled, graded, without_layer
from ranker.training.judge import Form, Judge, served_scores, write
from ranker.training.save import load_trained, save_model
from ranker.training.vocabulary import pruned, said
from ranker.windows import Window, write_windows
from service.cli import build

from .training_help import SETTINGS, TOKENIZER, lengths, save_small, small

ADJECTIVES = ("red", "blue", "green", "black", "white", "yellow", "small", "large", "old", "new", "wooden", "round")
THINGS = ("shoes", "kettle", "lamp", "chair", "bag")


def judged() -> list[Window]:
    """Sixty queries; BM25 tells most of what is relevant, so that layers matter little."""
    result = []
    for row, adjective in enumerate(ADJECTIVES):
        for thing in THINGS:
            others = [ADJECTIVES[(row + step) % len(ADJECTIVES)] for step in range(6)]
            items = tuple(
                Candidate(f"{other}-{thing}", f"{other} {thing}", {"bm25": 9.0 if other == adjective else 2.0})
                for other in others
            )
            grades = tuple(3.0 if other == adjective else 0.0 for other in others)
            result.append(Window(f"{adjective}-{thing}", f"{adjective} {thing}", "made", items, grades))
    return result


def test_a_model_without_a_layer_computes_what_the_layers_that_are_left_compute():
    model = small()
    smaller = without_layer(model, 1)
    assert (smaller.network.shape.layers, smaller.network.shape.apart) == (1, 1)
    assert len(model.network.stack) == 2
    ids = torch.tensor([[101, 2417, 102, 101, 6007, 102]])
    positions = torch.tensor([[0, 1, 2, 0, 1, 2]])
    segments = torch.tensor([[0, 0, 0, 1, 1, 1]])
    model.eval()
    smaller.eval()
    seen = []
    model.network.stack[0].register_forward_hook(lambda _m, _i, output: seen.append(output))
    with torch.no_grad():
        model.network(ids, positions, segments)
        left = smaller.network.hidden(ids, positions, segments)
    torch.testing.assert_close(left, seen[0])


@pytest.mark.parametrize("number", [-1, 2])
def test_a_layer_that_is_not_there_cannot_be_left_out(number):
    with pytest.raises(ValueError, match="number"):
        without_layer(small(), number)


def test_steps_within_the_bound_are_kept_and_others_are_not():
    wide = compress(small(), judged(), TOKENIZER, lengths(), max_loss=1.0, layers=1)
    assert [step.kept for step in wide.steps] == [True] * 5
    assert wide.int8
    assert wide.scales is not None
    assert wide.scales.keys() == {"0.query", "0.out", "0.up", "0.down"}
    assert wide.model.network.shape.layers == 1
    assert wide.model.network.shape.late_interaction
    assert wide.steps[3].bytes < wide.steps[2].bytes
    assert wide.steps[4].bytes < wide.steps[3].bytes
    none = compress(small(), judged(), TOKENIZER, lengths(), max_loss=-1.0, layers=1)
    assert [step.kept for step in none.steps] == [False] * 4
    assert none.tokenizer == TOKENIZER.read_text("utf-8")
    assert not none.int8
    assert none.model.network.shape.layers == 2


def test_a_query_that_teaches_may_not_judge():
    windows = judged()
    with pytest.raises(TrainingDataError, match="judged and taught by"):
        compress(small(), windows, TOKENIZER, lengths(), max_loss=0.01, teach=windows[:1])


def test_the_served_file_scores_like_the_trained_model_and_a_pair_alone_like_in_its_batch(tmp_path):
    for int8 in (False, True):
        folder = tmp_path / str(int8)
        save_model(small(), folder, name="x", tokenizer=TOKENIZER, lengths=lengths(), training={}, card="", int8=int8)
    window = judged()[3]
    (exact,), (eight,) = (served_scores(Ranker(tmp_path / name), [window]) for name in ("False", "True"))
    np.testing.assert_allclose(eight, exact, atol=0.05)
    ranker = Ranker(tmp_path / "True", remembered=0)
    texts = ["red shoes", "an old wooden chair with a round seat", "lamp"]
    together = ranker.pair_vectors("red shoes", texts).vectors
    alone = np.concatenate([ranker.pair_vectors("red shoes", [text]).vectors for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_the_command_writes_a_folder_with_what_each_step_cost(tmp_path):
    save_small(tmp_path / "whole")
    write_windows(tmp_path / "judged.jsonl.gz", judged())
    arguments = ["compress", str(tmp_path / "whole"), "--windows", str(tmp_path / "judged.jsonl.gz")]
    arguments += ["--out", str(tmp_path / "out"), "--max-loss", "1", "--layers", "1", "--json"]
    done = CliRunner().invoke(build(), arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["layers"] == 1
    note = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert [step["name"] for step in note["steps"]] == [
        "int8 weights, activations scaled by rows",
        "int8, ranges of activations fixed",
        "texts read apart",
        "1 layer",
        "words never said",
    ]
    assert "| 1 layer | yes |" in (tmp_path / "out" / "README.md").read_text("utf-8")
    assert Ranker(tmp_path / "out").rank("red shoes", judged()[0].candidates).read == 6
    again = CliRunner().invoke(build(), arguments)
    assert again.exit_code == 1
    assert "exists" in again.stderr


def test_distillation_brings_what_is_left_nearer_to_the_whole_model(tmp_path):
    windows = judged()
    teacher = small()
    torch.manual_seed(1)
    torch.nn.init.normal_(teacher.head.text.weight, std=0.3)
    cut = without_layer(teacher, 1)
    settings = SETTINGS.model_copy(update={"loss": "mse"})
    soft = graded(teacher, windows, tokenizer=TOKENIZER, lengths=lengths(), threads=1)
    learnt = distilled(cut, soft, lengths=lengths(), settings=settings)
    scores = []
    for name, model in {"teacher": teacher, "cut": cut, "learnt": learnt}.items():
        save_small(tmp_path / name, model)
        scores.append(np.concatenate(served_scores(Ranker(tmp_path / name), windows)).astype(np.float64))
    wanted, before, after = (sigmoid(score) for score in scores)
    assert ((after - wanted) ** 2).mean() < 0.5 * ((before - wanted) ** 2).mean()


@pytest.mark.parametrize(
    ("count", "reason"), [(3, "at least 20 are needed"), (0, "at least 20 are needed")], ids=["few", "none"]
)
def test_too_few_judged_queries_are_refused(tmp_path, count, reason):
    save_small(tmp_path / "whole")
    write_windows(tmp_path / "judged.jsonl", judged()[:count])
    arguments = ["compress", str(tmp_path / "whole"), "--windows", str(tmp_path / "judged.jsonl")]
    done = CliRunner().invoke(build(), [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert reason in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_weights_is_refused(tmp_path):
    save_small(tmp_path / "whole")
    (tmp_path / "whole" / "model.safetensors").unlink()
    write_windows(tmp_path / "judged.jsonl", judged())
    arguments = ["compress", str(tmp_path / "whole"), "--windows", str(tmp_path / "judged.jsonl")]
    done = CliRunner().invoke(build(), [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "model.safetensors" in done.stderr


def test_a_range_is_cut_where_the_squared_error_is_least():
    values = np.concatenate([np.linspace(-1.0, 1.0, 10_001), [40.0]]).astype(np.float32)

    def error(scale: float) -> float:
        return float(np.square(np.clip(np.round(values / scale), -127, 127) * scale - values).mean())

    scale = best_scale(values)
    assert error(scale) <= min(error(40.0 * share / 127) for share in (0.2, 0.5, 1.0))
    assert best_scale(np.linspace(-2.0, 2.0, 5001).astype(np.float32)) == pytest.approx(2.0 / 127, rel=0.05)
    assert best_scale(np.zeros(3, np.float32)) > 0


def test_with_fixed_ranges_a_pair_scores_nearly_as_in_32_bits_and_alone_as_in_its_batch(tmp_path):
    model = small()
    form = Judge(judged(), lengths(), 0.01).with_ranges(Form(model, TOKENIZER, int8=True))
    write(form, tmp_path / "fixed", lengths())
    write(Form(model, TOKENIZER), tmp_path / "exact", lengths())
    window = judged()[3]
    (exact,), (fixed,) = (served_scores(Ranker(tmp_path / name), [window]) for name in ("exact", "fixed"))
    assert not np.array_equal(exact, fixed)
    np.testing.assert_allclose(fixed, exact, atol=0.05)
    ranker = Ranker(tmp_path / "fixed", remembered=0)
    texts = ["red shoes", "an old wooden chair with a round seat", "lamp"]
    together = ranker.pair_vectors("red shoes", texts).vectors
    alone = np.concatenate([ranker.pair_vectors("red shoes", [text]).vectors for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_a_smaller_vocabulary_reads_its_words_as_before_and_spells_the_others(tmp_path):
    model = small()
    kept = said(TOKENIZER, ["red shoes", "a wooden chair"])
    smaller = pruned(model, TOKENIZER, kept, tmp_path / "tokenizer.json")
    assert smaller.network.shape.vocabulary == len(smaller.network.words.weight) < 3000
    assert model.network.shape.vocabulary == 30522
    write(Form(model, TOKENIZER), tmp_path / "whole", lengths())
    write(Form(smaller, tmp_path / "tokenizer.json"), tmp_path / "small", lengths())
    before, after = (Ranker(tmp_path / name).pair_vectors("red chair", ["wooden shoes"]) for name in ("whole", "small"))
    np.testing.assert_array_equal(before.vectors, after.vectors)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.no_padding()
    assert tokenizer.encode("kettle é 東").tokens[1:-1] == ["k", "##e", "##t", "##t", "##l", "##e", "e", "東"]
    assert load_trained(tmp_path / "small").network.shape == smaller.network.shape


def test_only_a_wordpiece_vocabulary_is_pruned(tmp_path):
    other = tmp_path / "other.json"
    Tokenizer(BPE()).save(str(other))
    with pytest.raises(ModelError, match="only a WordPiece vocabulary"):
        pruned(small(), other, set(), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
