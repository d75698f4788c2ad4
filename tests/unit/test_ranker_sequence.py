"""The sequence model: what is served is what was trained, and it learns what can be learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from ranker.errors import ModelError, TrainingDataError  # noqa: E402
from ranker.sequence import NO_EXPECTATION, Expected, SequenceModel, mixed, softmax  # noqa: E402
from ranker.training.sequence import SequenceSettings, chances, gain, save, train_sequence  # noqa: E402

SETTINGS = SequenceSettings(width=16, length=8, epochs=25, negatives=20, window=2, dropout=0.0, threads=1, rate=1e-2)


def cycles() -> dict[str, list[str]]:
    """People who walk round one of two rings of items, from different starts."""
    return {
        f"p{number:02d}": [f"{'ab'[number % 2]}{(number + step) % 6}" for step in range(6 + number % 3)]
        for number in range(40)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sequence")
    save(train_sequence(cycles(), SETTINGS), path)
    return path


def test_it_learns_where_a_ring_leads(folder: Path) -> None:
    model = SequenceModel(folder)
    following = model.expected(["a2", "a3"]).best()
    assert max(following, key=lambda item: following[item]) in {"a4", "a1"}
    assert all(following[item] > 0.5 for item in ("a4",))
    assert following.keys().isdisjoint({"a2", "a3"})
    near = [item for item in following if item.startswith("a")]
    assert np.mean([following[item] for item in near]) > np.mean(
        [value for item, value in following.items() if item.startswith("b")]
    )


def test_the_served_graph_is_the_trained_network(tmp_path: Path) -> None:
    trained = train_sequence(cycles(), SETTINGS.model_copy(update={"epochs": 2}))
    save(trained, tmp_path)
    model = SequenceModel(tmp_path)
    number = {item: place for place, item in enumerate(trained.items)}
    for history in (["a1"], ["b2", "b3", "a0"], [f"a{step % 6}" for step in range(20)]):
        known = [number[item] for item in history]
        with_torch = chances(trained.network, known)
        vectors = model._table[known[-8:], :-1][None]
        state = model._session.run(None, {"vectors": vectors})[0]
        served = softmax(model._table[:, :-1] @ state[0] + model._table[:, -1])
        np.testing.assert_allclose(served, with_torch, atol=1e-6)
        total = model.chances(history)
        assert total is not None
        assert float(total.sum()) == pytest.approx(1.0, abs=1e-5)


def test_unknown_items_are_passed_over(folder: Path) -> None:
    model = SequenceModel(folder)
    assert not model.expected(["nobody", "knows"])
    assert model.expected([]).best() == {}
    assert model.expected(["x", "a2", "y"]).best() == model.expected(["a2"]).best()
    assert len(model.expected(["a2"]).best(3)) == 3


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    save(train_sequence(cycles(), SETTINGS.model_copy(update={"epochs": 1})), tmp_path)
    with pytest.raises(ModelError, match="no folder"):
        SequenceModel(tmp_path / "absent")
    (tmp_path / "table.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ModelError, match=r"table\.npy is not the file"):
        SequenceModel(tmp_path)
    (tmp_path / "items.json").unlink()
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "share": 7}))
    with pytest.raises(ModelError, match="share"):
        SequenceModel(tmp_path)


def test_too_little_to_learn_from_is_named() -> None:
    with pytest.raises(TrainingDataError, match="two items"):
        train_sequence({"a": ["x", "y"], "b": ["x"]}, SETTINGS)


def test_gain_counts_ties_against_and_leaves_the_history_out() -> None:
    values = np.array([0.9, 0.5, 0.5, 0.1], np.float32)
    assert gain(values, [0], 1) == pytest.approx(1 / np.log2(3))
    assert gain(values, [0, 2], 1) == 1.0
    assert gain(np.zeros(30, np.float32), [], 3) == 0.0


def test_the_mixture_falls_back_to_the_network_where_memory_is_empty() -> None:
    network, nothing = np.array([0.6, 0.4], np.float32), np.zeros(2, np.float32)
    assert mixed(network, nothing, 0.5).tolist() == network.tolist()
    assert mixed(network, np.array([0.0, 1.0], np.float32), 0.5) == pytest.approx([0.3, 0.7])


def test_what_came_after_training_stands_like_what_it_is_like() -> None:
    expected = Expected(("a", "b", "c"), {"a": 0, "b": 1, "c": 2}, np.array([0.9, 0.05, -1.0], np.float32))
    vectors = {
        "a": np.array([1.0, 0.0], np.float32),
        "b": np.array([0.0, 1.0], np.float32),
        "like a": np.array([0.8, 0.6], np.float32),
        "like nothing": np.array([-1.0, 0.0], np.float32),
    }
    found = expected.with_strangers([*vectors, "c", "without vector"], vectors)
    high, low = expected.value("a"), expected.value("b")
    assert high is not None
    assert low is not None
    mean = np.average([high - 0.5, low - 0.5], weights=[0.8, 0.6])
    assert found == pytest.approx({"a": high, "b": low, "like a": 0.5 + mean * 0.8})
    assert expected.value("c") is None
    assert not NO_EXPECTATION
    assert NO_EXPECTATION.with_strangers(["a"], vectors) == {}
