"""The shipped model on fixed windows: a change of its scores is a change of every shop's order, and has to be meant."""

from __future__ import annotations

import json

import pytest

from ranker.candidate import Candidate
from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker

TEXTS = {
    "chair": "White desk chair | Acme | White | Desk Chairs, Office. Armless, on four fixed legs.",
    "wheels": "White desk chair | Acme | White | Desk Chairs, Office. Rolls on five wheels.",
    "black": "Black desk chair | Acme | Black | Desk Chairs, Office. Glides, no wheels.",
    "mat": "Floor mat for white desk chairs | Mats, Accessories. Protects the floor.",
    "kettle": "Steel kettle | Boilwell | Kettles, Kitchen. 1.7 litres.",
}
SIGNALS = {
    "chair": {"bm25": 14.0, "text_vector": 0.71, "price": 90.0},
    "wheels": {"bm25": 14.2, "text_vector": 0.74, "price": 120.0},
    "black": {"bm25": 10.5, "text_vector": 0.69, "price": 80.0},
    "mat": {"bm25": 12.0, "text_vector": 0.66, "price": 30.0},
    "kettle": {"bm25": 0.0, "text_vector": 0.08, "price": 40.0},
}


SAME, OTHER_PROCESSOR = 5e-3, 0.01
"""What a score may differ by; of bare texts more, for without VNNI two 8-bit products are added in 16 bits."""


@pytest.mark.parametrize(
    ("signals", "within", "expected"),
    [
        (True, SAME, {"chair": 0.2709, "wheels": 0.1565, "black": 0.1413, "mat": 0.037, "kettle": 0.0006}),
        (False, OTHER_PROCESSOR, {"chair": 0.2963, "black": 0.1653, "wheels": 0.1633, "mat": 0.0314, "kettle": 0.0008}),
    ],
)
def test_scores_of_the_shipped_model(signals, within, expected):
    items = [Candidate(name, text, SIGNALS[name] if signals else {}) for name, text in TEXTS.items()]
    ranking = Ranker(threads=1).rank("white desk chair without wheels", items)
    assert [item.id for item in ranking.items] == list(expected)
    assert {item.id: item.score for item in ranking.items} == pytest.approx(expected, abs=within)


def test_the_shipped_folder_holds_what_it_was_measured_to_be_worth():
    measured = json.loads((DEFAULT_MODEL / "metrics.json").read_text("utf-8"))["measured"]
    assert any(one["unseen"] for one in measured)
    for one in measured:
        for metric in ("ndcg@10", "ndcg@10_condensed"):
            gain = one[metric]["gain"]
            assert gain["low"] <= gain["mean"] <= gain["high"]
