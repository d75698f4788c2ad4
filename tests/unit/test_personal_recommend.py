"""Origins, signals and reasons of recommendations, without an engine."""

from __future__ import annotations

import math

import pytest

from personal.recommend import REASONS, Origins, Recent, merged, query_of, reason_of, title_of
from personal.together import Together, lifts
from plugin.together import Overlap, Overlaps
from ranker.blend import WEIGHTS, Blend, blended, shortlist
from ranker.candidate import Candidate, Ranking, Scored


def test_lift_is_half_by_chance_and_grows_with_evidence() -> None:
    # 1 of 10 of all pairs is the group's; an item that 20 met is expected 2 times.
    found = Overlaps((Overlap("chance", 2, 20), Overlap("often", 10, 20), Overlap("once", 1, 1)), 100, 1000)
    values = lifts(found, strength=2.0)
    assert values["chance"] == pytest.approx(0.5)
    assert values["often"] == pytest.approx(12 / 4 / (1 + 12 / 4))
    assert values["once"] == pytest.approx(3 / 2.1 / (1 + 3 / 2.1))
    assert 0.5 < values["once"] < values["often"] < 1.0


def test_origins_take_turns_so_that_none_crowds_out_the_others() -> None:
    many = {f"t{number:02d}": 0.9 - number / 1000 for number in range(90)}
    origins = Origins(Together(many, {"b": 0.6}), Together({"v": 0.7}, {}), {"s": 0.8}, {"hot": 1.0}, {"friend": 0.9})
    ids = origins.ids(10)
    assert len(ids) == 10
    assert {"b", "v", "s", "hot", "friend", "t00"} <= set(ids)
    assert len(set(origins.ids(1000))) == len(origins.ids(1000)) == 95


def test_signals_leave_out_what_is_not_known() -> None:
    origins = Origins(
        Together({"a": 0.7}, {"a": 0.9}), Together({"a": 0.95, "c": 0.9}, {}), {"d": 0.8}, {"d": 0.5}, {"c": 0.6}
    )
    assert origins.signals("a") == {"together": 0.9}
    assert origins.signals("c") == pytest.approx({"together": 0.7, "social": 0.6})
    assert origins.signals("d") == {"sequence": 0.8, "trending": 0.75}
    assert origins.signals("new") == {}


def test_reasons_say_what_moved_the_item() -> None:
    origins = Origins(Together({"a": 0.7, "b": 0.9}, {"a": 0.9}), trending={"t": 1.0})
    for item, expected in (
        ("a", "Often bought with Lamp"),
        ("b", "People who looked at Lamp look at this"),
        ("t", "Many people look at it this week"),
    ):
        assert reason_of(item, origins.signals(item), origins, "Lamp") == expected
    assert reason_of("n", {"text_vector": 0.6}, origins, "Lamp") == "New: similar to Lamp"
    assert reason_of("n", {"text_vector": 0.6, "behaviour": 0.5}, origins, "Lamp") == "Similar to Lamp"
    assert reason_of("n", {"text_vector": 0.6, "image_vector": 0.95, "behaviour": 0.5}, origins, "Lamp") == (
        "Looks like Lamp"
    )
    assert reason_of("n", {"sequence": 0.9}, origins, None) == "What people look at next, going by your visit"
    assert reason_of("n", {"sequence": 0.9}, origins, None, language="zh").startswith("从您的浏览看")
    assert reason_of("n", {"text_vector": 0.6}, origins, "Lamp", language="zh") == "新品\uff1a与“Lamp”相似"
    assert REASONS["en"].keys() == REASONS["zh"].keys() >= WEIGHTS.keys() - {"category"}


def test_live_signals_move_the_logit_and_nothing_known_moves_nothing() -> None:
    window = [Candidate("a", "x", {}), Candidate("b", "x", {"together": 1.0}), Candidate("c", "x", {"together": 0.0})]
    ranking = Ranking((Scored("a", 0, 0.7), Scored("b", 1, 0.6), Scored("c", 2, 0.65)), "m", None, 3)
    moved = blended(ranking, window, Blend(1.0))
    assert [item.id for item in moved.items] == ["b", "a", "c"]
    scores = {item.id: item.score for item in moved.items}
    assert scores["a"] == pytest.approx(0.7)
    assert math.log(scores["b"] / (1 - scores["b"])) == pytest.approx(math.log(0.6 / 0.4) + WEIGHTS["together"] / 2)
    assert [item.position for item in moved.items] == [1, 0, 2]
    assert [one.id for one in shortlist(window, 2)] == ["b", "a"]


def test_the_latest_place_of_an_item_counts() -> None:
    both = merged([Recent(("a", "b", "c"), frozenset({"b"})), Recent(("d", "a"), frozenset({"d"}))])
    assert both.items == ("b", "c", "d", "a")
    assert both.bought == {"b", "d"}
    assert merged([]) == Recent()


def test_a_viewed_item_is_cut_at_a_word() -> None:
    source = {"id": "1", "title": "word " * 60}
    assert len(query_of(source)) <= 160
    assert query_of(source).endswith("word")
    assert title_of(source).endswith("…")
    assert title_of({"id": "p9"}) == "p9"
