"""Clicks of positions: propensities are found, clicks at places that few look at count more, and who learns from them
so learns what shoppers like and not what stood on top."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from personal.clicklogs import exposures, learned, of_each_person, rate
from ranker.signals import FEATURES, features
from ranker.significance import estimates
from ranker.training.finetune import finetune
from ranker.training.splits import Split
from ranker.windows import read_windows, write_windows
from service.clicklogs import read_clicks
from tests.unit.click_world import Shop, gained
from tests.unit.training_help import SETTINGS, lengths, small


def event(action, item, rank, person, query="red shoes", **more):
    return {
        "action_name": action,
        "client_id": person,
        "user_query": query,
        "timestamp": "2025-03-01T10:00:00Z",
        "event_attributes": {"object": {"object_id": item}, "position": {"ordinal": rank}},
        **more,
    }


def test_a_click_counts_by_how_likely_its_place_was_looked_at():
    events = [event("impression", item, rank, f"p{n}") for n in range(10) for item, rank in (("top", 1), ("low", 4))]
    events += [event("click", "top", 1, f"p{n}") for n in range(4)] + [
        event("click", "low", 4, f"p{n}") for n in (7, 8)
    ]
    found = exposures(events)
    assert rate(found["red shoes", "top"], 1.0) == (4.0, 10.0)
    assert rate(found["red shoes", "low"], 1.0) == pytest.approx((8.0, 10.0))
    grades = learned(found, eta=1.0).grades["red shoes"]
    assert grades["low"] == pytest.approx(3.0)
    assert 2 ** grades["top"] - 1 == pytest.approx(3.5)
    naive = learned(found, eta=0.0).grades["red shoes"]
    assert naive["top"] == pytest.approx(3.0)
    assert naive["top"] > naive["low"]


def test_nobody_clicks_an_item_up_and_what_cannot_be_placed_is_passed_over():
    events = [event("click", "a", 1, "one") | {"timestamp": 1_740_000_000_000 + n} for n in range(50)]
    events += [event("impression", "a", 1, "one"), event("purchase", "a", 1, "one")]
    events += [
        {},
        event("click", None, 1, "two"),
        event("click", "a", 1, "two", query=" "),
        event("click", "a", 1, "x") | {"timestamp": "x"},
    ]
    found = exposures(events)
    assert found == {("red shoes", "a"): pytest.approx({"click_1": 1.3125, "impression_1": 1.0})}


def test_what_was_asked_is_taken_from_the_query_log(tmp_path):
    events = [event(action, "a", 1, f"p{n}") for n in range(4) for action in ("impression", "click")]
    for one in events:
        del one["user_query"]
        one["query_id"] = "q1"
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events) + "no event\n")
    (tmp_path / "asked.jsonl").write_text(json.dumps({"query_id": "q1", "user_query": "Red  Shoes"}) + "\n")
    found = read_clicks([tmp_path / "events.jsonl"], [tmp_path / "asked.jsonl"], eta=None)
    assert found.clicked.grades == {"red shoes": {"a": 3.0}}
    assert not found.clicked.estimated
    assert found.seen is not None
    assert not read_clicks([tmp_path / "events.jsonl"], [], eta=None).clicked.grades


def test_each_person_is_graded_by_their_own_clicks_alone(tmp_path):
    events = [event("impression", item, 1, who) for who in ("ann", "ben") for item in ("a", "b")]
    events += [event("click", "a", 1, "ann"), event("click", "b", 1, "ben"), event("click", "a", 1, "")]
    alone = of_each_person([one for one in events if one.get("client_id") == "ann"])
    assert of_each_person(events)["ann"] == alone["ann"] == {"red shoes": {"a": 3.0, "b": 0.0}}
    assert of_each_person(events)["ben"] == {"red shoes": {"a": 0.0, "b": 3.0}}
    assert set(of_each_person(events)) == {"ann", "ben"}
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    log = read_clicks([tmp_path / "events.jsonl"], [], eta=None, by_person=True)
    assert sorted(log.people) == ["p0000000", "p0000001"]


def test_grades_that_are_no_whole_numbers_survive_the_disk(tmp_path):
    shop = Shop.of(80)
    windows = shop.windows(learned(exposures(shop.logs(20, 5, 0.8)), eta=0.8))
    assert write_windows(tmp_path / "w.jsonl.gz", windows) == len(windows)
    assert list(read_windows(tmp_path / "w.jsonl.gz")) == windows


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_debiased_clicks_teach_unseen_shoppers_taste_better_than_naive_ones():
    shop, known = Shop.of(400), 500
    found = exposures(shop.logs(known, 20, 1.0))
    debiased = learned(found)
    assert debiased.estimated
    assert debiased.eta == pytest.approx(1.0, abs=0.3)
    unseen = shop.unseen(known, 600)
    settings = SETTINGS.model_copy(
        update={
            **{"method": "signals", "epochs": 6.0, "head_rate": 0.05, "validation_share": 0.0},
            **{"items_per_window": 10, "windows_per_step": 32, "evaluate_every": 10_000, "pointwise_share": 0.0},
        }
    )
    scores = {}
    for name, clicked in {"debiased": debiased, "naive": learned(found, eta=0.0)}.items():
        model = small()
        with torch.no_grad():
            model.head.text.weight.zero_()
        finetune(model, Split(shop.windows(clicked), [], []), lengths(), settings)
        scores[name] = []
        for need, items, truth in unseen:
            with torch.no_grad():
                logits = model.head(
                    torch.zeros(len(items), model.network.outputs),
                    torch.zeros(len(items), 1),
                    torch.from_numpy(features(need.text, items)),
                )
            scores[name].append(gained(logits.numpy(), truth))
        weight = model.head.direct.weight[0].detach()
        scores[name + " recency"] = sum(
            float(weight[FEATURES.index(f"recency.{way}")]) for way in ("absolute", "relative", "standard")
        )
    difference = np.array(scores["debiased"]) - np.array(scores["naive"])
    gain = estimates(difference[:, None])[0]
    assert gain.low > 0
    # Nobody cares how new a product is; only the naive learner thinks so.
    assert scores["naive recency"] > scores["debiased recency"]
