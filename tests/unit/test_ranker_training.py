"""Fine-tuning on a small network: it learns, resumes, refuses bad data, and what is served equals what was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ranker.candidate import Candidate
from ranker.errors import CheckpointError, ModelError, TrainingDataError
from ranker.model import Ranker
from ranker.signals import FEATURES
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.data import prepare, sampled
from ranker.training.export import export_pair
from ranker.training.losses import listwise, pointwise
from ranker.training.measure import window_ndcg
from ranker.training.quantise import per_row
from ranker.training.reach import KNOWN
from ranker.training.save import load_trained, save_model
from ranker.windows import Window, read_windows, write_windows
from tests.unit.training_help import SETTINGS, TOKENIZER, colour_windows, finetune, lengths, small


def test_fine_tuning_learns_what_no_signal_says():
    model, windows = small(), colour_windows()
    losses: list[float] = []
    outcome = finetune(model, windows, lengths(), SETTINGS, report=lambda progress: losses.append(progress.loss))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[1:11])
    assert outcome.validation["ndcg@10"] > 0.85


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path):
    windows = colour_windows()
    settings = SETTINGS.model_copy(update={"epochs": 4.0, "evaluate_every": 5})
    whole = small()
    finetune(whole, windows, lengths(), settings)

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.step == 13:
            raise StopError

    with pytest.raises(StopError):
        finetune(small(), windows, lengths(), settings, folder=tmp_path, report=stop)
    assert (tmp_path / CHECKPOINT).is_file()
    resumed = small()
    finetune(resumed, windows, lengths(), settings, folder=tmp_path)
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("method", ["head", "signals"])
def test_only_the_named_parts_are_trained(method):
    model = small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    settings = SETTINGS.model_copy(update={"epochs": 2.0, "method": method, "validation_share": 0.0})
    finetune(model, colour_windows(), lengths(), settings)
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("head.direct" if method == "signals" else "head.") for name in moved)


def test_keeping_the_start_lands_between_start_and_end():
    settings = SETTINGS.model_copy(update={"epochs": 1.0, "validation_share": 0.0})
    results = {}
    for kept in (0.0, 0.5, 1.0):
        model = small()
        finetune(model, colour_windows(), lengths(), settings.model_copy(update={"keep_start": kept}))
        results[kept] = model.head.text.weight.detach().clone()
    torch.testing.assert_close(results[0.5], (results[0.0] + results[1.0]) / 2)
    torch.testing.assert_close(results[1.0], small().head.text.weight)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    windows = colour_windows()
    settings = SETTINGS.model_copy(update={"epochs": 1.0, "evaluate_every": 2})
    finetune(small(), windows, lengths(), settings, folder=tmp_path)
    with pytest.raises(CheckpointError, match="other settings"):
        finetune(small(), windows, lengths(), settings.model_copy(update={"seed": 8}), folder=tmp_path)


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([], "empty"),
        ([Window("q", "q", "s", (Candidate("a", "a"),), (None,))], "no candidate"),
        ([Window("q", "q", "s", (Candidate("a", "a"),), (3,))], "every judgment is 3"),
    ],
)
def test_data_that_teaches_nothing_is_refused(windows, says):
    with pytest.raises(TrainingDataError, match=says):
        finetune(small(), windows, lengths(), SETTINGS)


def test_the_served_model_scores_as_the_trained_one(tmp_path):
    model = small().eval()
    with torch.no_grad():
        model.network.across.normal_()
        model.head.correction.weight.normal_()
        model.head.text.weight.normal_(0, 0.3)
    cut = lengths()
    save_model(model, tmp_path, name="small", tokenizer=TOKENIZER, lengths=cut, training={}, card="# small\n")
    example = prepare(colour_windows()[:1], cut, drops=1)[0]
    items = example.window.candidates
    expected = []
    for row in range(len(items)):
        batch = cut.batches(example.window.query, [items[row].text or ""])[0]
        with torch.no_grad():
            parts = [torch.from_numpy(x) for x in (batch.ids, batch.positions, batch.segments)]
            logit = model(*parts, torch.from_numpy(example.features[0][row : row + 1]))
        expected.append(float(torch.sigmoid(logit)))
    ranking = Ranker(tmp_path).rank(example.window.query, items)
    found = {item.position: item.score for item in ranking.items}
    np.testing.assert_allclose([found[row] for row in range(len(items))], expected, atol=0.02)
    again = load_trained(tmp_path)
    for one, two in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_exact_graph_equals_torch(tmp_path):
    import onnxruntime as ort

    model = small().eval()
    with torch.no_grad():
        model.network.across.normal_()
        model.network.weight.weight.normal_()
    export_pair(model.network, tmp_path / "pair.onnx", int8=False)
    batch = lengths().batches("red shoes", ["blue shoes", "a red kettle with a lid"])[0]
    feed = {"ids": batch.ids, "positions": batch.positions, "segments": batch.segments}
    found = ort.InferenceSession(str(tmp_path / "pair.onnx")).run(None, feed)[0]
    with torch.no_grad():
        expected = model.network(*(torch.from_numpy(x) for x in feed.values())).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_weights_of_another_architecture_and_pickles_are_refused(tmp_path):
    with pytest.raises(ModelError, match="never loaded"):
        load_trained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="never loaded"):
        load_trained(tmp_path)
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="no shape"):
        load_trained(tmp_path)


def test_listwise_loss_equals_a_slow_version():
    logits, grades = torch.tensor([1.0, -0.5, 0.2]), torch.tensor([3.0, 0.0, 1.0])
    gains = [7.0, 0.0, 1.0]
    softmax = [np.exp(x) / sum(np.exp(y) for y in logits.tolist()) for x in logits.tolist()]
    expected = -sum(gain / 8.0 * np.log(share) for gain, share in zip(gains, softmax, strict=True))
    assert float(listwise(logits, grades, torch.ones(3))) == pytest.approx(expected, rel=1e-5)
    assert float(listwise(logits, torch.zeros(3), torch.ones(3))) == 0.0


def test_pointwise_loss_weighs_items():
    one = pointwise(torch.tensor([2.0]), torch.tensor([3.0]), torch.ones(1))
    two = pointwise(torch.tensor([2.0, 9.0]), torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0]))
    assert float(one) == pytest.approx(float(two))


def test_quantisation_error_is_at_most_half_a_step():
    weight = np.random.default_rng(1).normal(size=(8, 128)).astype(np.float32)
    rows, row_scales = per_row(weight)
    assert np.all(np.abs(rows * row_scales - weight) <= row_scales / 2 + 1e-7)


def test_window_ndcg_plain_and_condensed():
    items = tuple(Candidate(str(n), "x") for n in range(4))
    window = Window("q", "q", "s", items, (0, None, 3, 1))
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    ideal = 7.0 + 1.0 / np.log2(3)
    assert window_ndcg(window, scores, condensed=False) == pytest.approx((7 / 2 + 1 / np.log2(5)) / ideal)
    assert window_ndcg(window, scores, condensed=True) == pytest.approx((7 / np.log2(3) + 1 / 2) / ideal)
    assert window_ndcg(Window("q", "q", "s", items, (0, None, 0, 0)), scores, condensed=False) is None


def test_windows_survive_the_disk_and_bad_lines_are_named(tmp_path):
    windows = colour_windows()[:3]
    for name in ("w.jsonl", "w.jsonl.gz"):
        path = tmp_path / name
        assert write_windows(path, windows) == 3
        assert list(read_windows(path)) == windows
    bad = tmp_path / "bad.jsonl"
    bad.write_text(
        '{"query_id": "q", "query": "x", "source": "s", "candidates": [{"id": "a", "text": "t", "grade": 7}]}\n'
    )
    with pytest.raises(TrainingDataError, match=r"bad\.jsonl:1: candidates\.0\.grade"):
        list(read_windows(bad))


def test_the_head_takes_the_features_of_this_release():
    assert small().head.inputs == len(FEATURES)


@pytest.mark.parametrize("bare", [0.0, 0.14, 0.5, 1.0])
def test_as_many_windows_lose_all_their_signals_as_are_told_to(bare):
    (example,) = prepare(colour_windows()[:1], lengths())
    dice = np.random.default_rng(5)
    lost = [not sampled(example, 6, dice, bare=bare)[1][:, KNOWN].any() for _ in range(400)]
    assert abs(np.mean(lost) - bare) <= (0 if bare in (0.0, 1.0) else 0.06)
