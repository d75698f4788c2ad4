"""The served graphs: equal to the trained network, blind to their neighbours, kept to their budget, safe to load."""

from __future__ import annotations

import json
import shutil
import time

import numpy as np
import pytest

from ranker.candidate import Candidate
from ranker.errors import ModelError
from ranker.folder import DEFAULT_MODEL
from ranker.fusion import ordered
from ranker.model import Ranker, sigmoid
from ranker.reading import Read

PASSAGES = [
    "Red canvas sneakers | Acme, White. Light shoes with rubber soles and flat laces.",
    "Stainless steel kettle, 1.7 litres, with a whistle",
    "Sneakers for women, red",
    "Wool blanket " * 40,
]


@pytest.fixture(scope="module")
def ranker():
    return Ranker()


def window(count: int = 4) -> list[Candidate]:
    return [
        Candidate(f"p{n}", PASSAGES[n % 4], {"bm25": float(9 - n % 7), "text_vector": 0.6 - 0.1 * (n % 5)})
        for n in range(count)
    ]


def test_a_pair_does_not_feel_its_neighbours(ranker):
    together = ranker.pair_vectors("red shoes", PASSAGES).vectors
    for row, passage in enumerate(PASSAGES):
        alone = ranker.pair_vectors("red shoes", [passage]).vectors[0]
        np.testing.assert_allclose(alone, together[row], atol=2e-6)


def test_a_remembered_pair_does_not_hide_a_live_signal(ranker):
    items = [Candidate(name, PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5}) for name in ("a", "b")]
    ranker.rank("red shoes", items)
    live = [
        Candidate(item.id, item.text, {**item.signals, "behaviour": 0.9 if item.id == "b" else 0.1}) for item in items
    ]
    assert [item.id for item in ranker.rank("red shoes", live).items] == ["b", "a"]


def test_relevant_text_comes_first_without_any_signal(ranker):
    ranking = ranker.rank("red shoes", [Candidate(str(n), text, {}) for n, text in enumerate(PASSAGES)])
    assert {ranking.items[0].id, ranking.items[1].id} == {"0", "2"}
    assert ranking.degraded is None
    assert ranking.read == 4


def test_every_candidate_comes_back_once_and_scores_descend(ranker):
    for depth in (1, 3, 20, None):
        ranking = ranker.rank("red shoes", window(20), depth=depth)
        assert sorted(item.position for item in ranking.items) == list(range(20))
        assert all(a.score >= b.score for a, b in zip(ranking.items, ranking.items[1:], strict=False))
        assert ranking.read == (depth or 20)


def test_scores_lie_between_zero_and_one(ranker):
    ranking = ranker.rank("red shoes", window(20), depth=5)
    assert all(0.0 <= item.score <= 1.0 for item in ranking.items)


def test_the_order_given_does_not_matter(ranker):
    items = window(12)
    forward = [item.id for item in ranker.rank("red shoes", items).items]
    backward = [item.id for item in ranker.rank("red shoes", items[::-1]).items]
    assert forward == backward


def test_past_the_deadline_the_order_by_the_signals_is_given_and_said():
    ranker = Ranker(remembered=0)
    ranking = ranker.rank("red shoes", window(20), deadline=time.monotonic() - 1.0)
    assert (ranking.degraded, ranking.read, ranking.model) == ("budget", 0, ranker.name)
    work = ranker.work("red shoes", window(20))
    by_signals = ordered(window(20), sigmoid(work.unread + work.gains))
    assert [item.id for item in ranking.items] == [item.id for item in by_signals]
    assert all(a.score >= b.score for a, b in zip(ranking.items, ranking.items[1:], strict=False))


@pytest.mark.parametrize("missed", [0, 1, 3, 9])
def test_what_was_read_above_the_first_that_was_not_counts(monkeypatch, missed):
    ranker, items = Ranker(), window(20)
    whole = ranker.rank("red shoes", items, depth=missed) if missed else None
    real = ranker.pair_vectors

    def late(query, passages, *, deadline=None):
        read = real(query, passages)
        done = np.ones(len(passages), bool)
        done[missed] = False
        return Read(np.where(done[:, None], read.vectors, 0.0).astype(np.float32), done)

    monkeypatch.setattr(ranker, "pair_vectors", late)
    ranking = ranker.rank("red shoes", items, depth=10)
    assert (ranking.degraded, ranking.read) == ("budget", missed)
    assert whole is None or [item.id for item in ranking.items] == [item.id for item in whole.items]


def test_the_live_signals_move_the_score(ranker):
    low = ranker.rank("red shoes", [Candidate("a", PASSAGES[0], {"bm25": 0.0}), Candidate("b", "x", {"bm25": 9.0})])
    high = ranker.rank("red shoes", [Candidate("a", PASSAGES[0], {"bm25": 9.0}), Candidate("b", "x", {"bm25": 0.0})])
    score = {name: next(i.score for i in r.items if i.id == "a") for name, r in {"low": low, "high": high}.items()}
    assert score["high"] > score["low"]


@pytest.mark.parametrize("signal", ["behaviour", "profile", "session"])
def test_a_new_item_stands_like_the_mean_one(ranker, signal):
    """No behaviour is not bad behaviour: known at neutral and not known score the same; better and worse differ."""
    known = {"known good": 0.9, "known mean": 0.5, "known bad": 0.1}
    items = [Candidate(name, PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5, signal: v}) for name, v in known.items()]
    items.append(Candidate("new", PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5}))
    score = {item.id: item.score for item in ranker.rank("red shoes", items).items}
    assert score["new"] == pytest.approx(score["known mean"], abs=1e-5)
    assert score["known good"] > score["new"] > score["known bad"]


@pytest.mark.parametrize("signal", ["popularity", "recency"])
def test_popular_and_recent_come_first_among_equals_and_the_unknown_is_no_outlier(ranker, signal):
    items = [
        Candidate(name, PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5, signal: value})
        for name, value in (("high", 0.9), ("low", 0.1))
    ]
    items.append(Candidate("unknown", PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5}))
    assert [item.id for item in ranker.rank("red shoes", items).items] == ["high", "unknown", "low"]


def test_a_price_is_neither_good_nor_bad_by_itself(ranker):
    items = [
        Candidate(str(price), PASSAGES[0], {"bm25": 5.0, "text_vector": 0.5, "price": price})
        for price in (5.0, 50.0, 500.0)
    ]
    scores = [item.score for item in ranker.rank("red shoes", items).items]
    assert max(scores) - min(scores) < 1e-5


def test_an_empty_window_is_an_empty_ranking(ranker):
    assert ranker.rank("red shoes", []).items == ()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "pair.onnx").unlink(), "has no pair.onnx"),
        (lambda folder: (folder / "pair.onnx").write_bytes(b"\x80\x04K\x01."), "is not the file"),
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json"),
        (lambda folder: _edit(folder, features=["x"]), "other features"),
        (lambda folder: _edit(folder, format=9), "format 9"),
    ],
)
def test_a_damaged_folder_is_refused_and_the_reason_named(tmp_path, damage, says):
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, folder)
    damage(folder)
    with pytest.raises(ModelError, match=says):
        Ranker(folder)


def _edit(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
