"""Weights that a shop puts on signals by hand."""

import json

import numpy as np
import pytest

from ranker.candidate import SIGNALS, Candidate
from ranker.errors import ModelError
from ranker.explain.signals import explained
from ranker.model import Ranker
from ranker.replay import Replay
from ranker.weights import checked, lifts, read_weights, standing, write_weights

QUERY = "desk lamp"
WINDOW = [
    Candidate(
        f"p{n:02d}",
        f"{'Desk' if n % 3 else 'Floor'} lamp number {n}",
        {
            "bm25": 12.0 - n,
            "text_vector": 0.3 + 0.05 * (n * 7 % 10),
            "price": 10.0 * (1 + n % 5),
            **({"behaviour": 0.4 + 0.05 * n} if n % 2 else {}),
        },
    )
    for n in range(12)
]
WEIGHTS = {"price": -3.0, "behaviour": 2.0, "bm25": 1.5}


@pytest.fixture(scope="module")
def ranker():
    return Ranker(threads=1)


def test_standing_is_centred_and_says_nothing_where_nothing_is_known():
    table = standing(WINDOW)
    assert table.shape == (len(WINDOW), len(SIGNALS))
    bm25 = table[:, SIGNALS.index("bm25")]
    assert bm25.mean() == pytest.approx(0.0)
    assert bm25.max() - bm25.min() == pytest.approx(1.0)
    behaviour = table[:, SIGNALS.index("behaviour")]
    assert behaviour[0] == 0.0
    assert behaviour[3] == pytest.approx(0.05)
    assert not table[:, SIGNALS.index("recency")].any()
    alike = standing([Candidate("a", None, {"bm25": 3.0}), Candidate("b", None, {"bm25": 3.0})])
    assert not alike.any()


def test_a_weight_is_what_the_signal_adds_from_its_lowest_to_its_highest():
    added = lifts(WINDOW, {"bm25": 2.5}).sum(axis=1)
    assert added[0] - added[-1] == pytest.approx(2.5)
    assert not lifts(WINDOW, {}).any()


def test_no_weights_change_nothing(ranker):
    assert ranker.rank(QUERY, WINDOW, depth=4) == ranker.rank(QUERY, WINDOW, depth=4, weights={"bm25": 0.0})


@pytest.mark.parametrize("weights", [{}, WEIGHTS, {"text_vector": -8.0}, {"price": 10.0, "bm25": -10.0}])
@pytest.mark.parametrize("depth", [1, 4, 40])
def test_a_replay_gives_the_order_that_the_ranker_gives(ranker, weights, depth):
    window = Replay(ranker, QUERY, WINDOW, depth)
    window.read(window.missing(weights))
    assert not len(window.missing(weights))
    assert window.ranked(weights) == [
        item.id for item in ranker.rank(QUERY, WINDOW, depth=depth, weights=weights).items
    ]


def test_what_the_weights_add_is_part_of_the_explanation(ranker):
    workings = ranker.work(QUERY, WINDOW, depth=4, weights=WEIGHTS)
    plain = ranker.work(QUERY, WINDOW, depth=4)
    for position in workings.chosen:
        found = explained(ranker, WINDOW, workings, position)
        assert 1 / (1 + np.exp(-found.value)) == pytest.approx(found.score, abs=1e-6)
        if position in plain.chosen:
            before = explained(ranker, WINDOW, plain, position)
            gained = found.parts.get("price", 0.0) - before.parts.get("price", 0.0)
            assert gained == pytest.approx(workings.lifts[position][SIGNALS.index("price")], abs=1e-6)


def test_a_file_of_weights_comes_back_without_those_that_are_nothing(tmp_path):
    file = tmp_path / "deep" / "weights.json"
    write_weights(file, {"bm25": 1.5, "price": 0.0})
    assert read_weights(file) == {"bm25": 1.5}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "expected an object with weights"),
        ({"weights": []}, "weights: expected an object"),
        ({"weights": {"colour": 1}}, "unknown signal"),
        ({"weights": {"bm25": "1"}}, "weights.bm25: must be a number"),
        ({"weights": {"bm25": True}}, "weights.bm25: must be a number"),
        ({"weights": {"bm25": 11}}, "weights.bm25: must lie"),
        ({"weights": {}, "more": 1}, "nothing else"),
    ],
)
def test_weights_that_cannot_be_are_refused(tmp_path, value, place):
    file = tmp_path / "weights.json"
    file.write_text(json.dumps(value), "utf-8")
    with pytest.raises(ModelError, match=place):
        read_weights(file)


def test_weights_are_finite():
    with pytest.raises(ModelError, match="must be a number"):
        checked({"bm25": float("nan")})
