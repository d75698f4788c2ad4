"""Contributions to a score: exact, adding up, and the same as a slow and obvious computation."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranker.candidate import SIGNALS, Candidate
from ranker.explain.shapley import MOST_EXACT, exact, sampled
from ranker.explain.signals import GROUPS, LIKENESS, READING, UNREAD, explained, with_live
from ranker.explain.swap import OutOfTime, smallest
from ranker.explain.words import QUERY, WordGame, explained_words, without, words_of
from ranker.fusion import first_stage
from ranker.model import Ranker, Workings
from ranker.signals import FEATURES, features


def by_orders(players: int, value) -> list[float]:
    """The definition: the mean gain over every order in which the players may come."""
    gains = [0.0] * players
    orders = list(permutations(range(players)))
    for order in orders:
        there: frozenset[int] = frozenset()
        for player in order:
            gains[player] += value(there | {player}) - value(there)
            there = there | {player}
    return [gain / len(orders) for gain in gains]


def game_of(values):
    return lambda sets: np.array([values(frozenset(np.flatnonzero(chosen))) for chosen in sets])


@given(st.integers(1, 5), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_exact_values_are_the_mean_over_all_orders(players, random):
    table = {
        frozenset(some): random.uniform(-5, 5)
        for size in range(players + 1)
        for some in combinations(range(players), size)
    }
    base, found = exact(players, game_of(table.__getitem__))
    assert base == table[frozenset()]
    assert found == pytest.approx(by_orders(players, table.__getitem__), abs=1e-9)


def test_a_published_game():
    # Gloves: one has a left one, two have right ones; a pair is worth 1 (Shapley: 2/3, 1/6, 1/6).
    pair = game_of(lambda some: float(0 in some and bool({1, 2} & some)))
    assert exact(3, pair)[1] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_more_players_than_can_be_enumerated_are_refused():
    with pytest.raises(ValueError, match="are enumerated"):
        exact(MOST_EXACT + 1, lambda sets: sets.sum(1))


@given(st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_sampled_values_add_up_and_keep_to_their_passes(players, seed):
    weights = np.random.default_rng(seed).normal(size=(players, players))
    calls = []

    def game(sets):
        calls.append(len(sets))
        return np.einsum("si,ij,sj->s", sets, weights, sets)

    found = sampled(players, game, passes=40, seed=seed)
    assert found.base + found.contributions.sum() == pytest.approx(weights.sum(), abs=1e-9)
    assert sum(calls) == found.passes <= 40
    # With pairs alone, an order and its reverse give the exact values.
    expected = (weights.sum(0) + weights.sum(1)) / 2
    if len(calls) != 1:
        pairs = sampled(players, game, passes=2 + 2 * (players - 1), seed=seed)
        assert pairs.contributions == pytest.approx(expected, abs=1e-9)


def test_time_that_is_up_leaves_one_walk():
    found = sampled(12, lambda sets: sets.sum(1) ** 2.0, passes=200, stop=lambda: True)
    assert found.passes == 2 + 11
    assert found.contributions.sum() == pytest.approx(144)
    assert np.isnan(found.error).all()


TEXTS = (
    "Trail Running Shoes Waterproof Men Black | Acme | Black | Shoes. Light and dry.",
    "Running Shoe Cleaner Kit | Cleano | White | Care. For shoes.",
    "Red Kettle 1.7 L | Boily | Red | Kitchen. Fast.",
    "Women Waterproof Walking Boots | Acme | Brown | Shoes. Warm.",
    "Replacement Laces for Running Shoes | Tie | Black | Care. Round laces.",
    "Running Socks | Acme | Grey | Clothes. No seams.",
)
QUERY_TEXT = "waterproof running shoes black"


def window(seed: int) -> list[Candidate]:
    rng = np.random.default_rng(seed)
    items = []
    for number, text in enumerate(TEXTS):
        signals = {
            "bm25": float(rng.gamma(2.0, 5.0)),
            "text_vector": float(rng.uniform(-0.2, 0.9)),
            "image_vector": float(rng.uniform(-0.2, 0.9)),
            "behaviour": float(rng.uniform()),
            "profile": float(rng.uniform()),
            "session": float(rng.uniform()),
            "price": float(rng.uniform(1, 100)),
            "popularity": float(rng.uniform(0, 9)),
            "recency": float(rng.uniform()),
        }
        known = {name: value for name, value in signals.items() if rng.uniform() < 0.7}
        vector = rng.normal(size=8)
        items.append(Candidate(f"i{number}", text, known, (vector / np.linalg.norm(vector)).astype(np.float32)))
    return items


@cache
def ranker() -> Ranker:
    return Ranker(threads=1)


def ranked(seed: int, depth: int = 3) -> tuple[list[Candidate], Workings]:
    items = window(seed)
    return items, ranker().work(QUERY_TEXT, items, depth=depth)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_contributions_add_up_to_the_score(seed):
    items, workings = ranked(seed)
    for place, item in enumerate(workings.ranking.items):
        found = explained(ranker(), items, workings, item.position)
        assert 1 / (1 + math.exp(-found.value)) == pytest.approx(item.score, abs=1e-6)
        assert found.score == item.score
        assert found.read == (place < 3)
        assert (UNREAD in found.parts) == (place >= 3)
        assert (READING in found.parts) == (place < 3)


def test_a_contribution_is_the_mean_over_all_orders_of_the_real_head():
    items, workings = ranked(4)
    position = workings.ranking.items[0].position
    names = [name for name in SIGNALS if name in items[position].signals]
    found = explained(ranker(), items, workings, position)
    players = [name for name in found.parts if name != LIKENESS]
    assert {name for name in players if name in SIGNALS} <= set(names)
    vector = workings.vectors[[workings.chosen.index(position)]]

    @cache
    def value(there: frozenset[int]) -> float:
        # An item without some signals, as the features of the real window would have it.
        row = workings.matrix[position].copy()
        for number, name in enumerate(players):
            if number in there or name == READING:
                continue
            row[[*GROUPS[name]]] = 0.0
            if name == "image_vector":
                column = FEATURES.index("image_vector.relative")
                others = workings.matrix[:, FEATURES.index("image_vector.known")] > 0
                row[column] = workings.matrix[others, column].mean()
        read = READING not in players or players.index(READING) in there
        return float(ranker().logits(vector * read, np.array([read]), row[None])[0])

    assert len(players) <= 8
    assert [found.parts[name] for name in players] == pytest.approx(by_orders(len(players), value), abs=1e-5)
    assert found.base == pytest.approx(value(frozenset()), abs=1e-5)


def test_what_is_absent_has_no_contribution_and_the_first_stage_is_explained_in_its_own_unit():
    items = window(1)
    for position, item in enumerate(items):
        found = explained(ranker(), items, Workings.without_model(first_stage(items)), position)
        assert found.unit == "score"
        assert found.parts.keys() <= item.signals.keys()
        own = next(one.score for one in first_stage(items).items if one.position == position)
        assert found.value == pytest.approx(own, abs=1e-9)
        assert found.score == found.value


def test_live_signals_are_added_to_the_logit():
    items, workings = ranked(2)
    before = explained(ranker(), items, workings, workings.ranking.items[0].position)
    after = with_live(before, {"together": 1.5, "profile": 0.25}, 0.5)
    assert after.value == pytest.approx(0.5 * before.value + 1.75, abs=1e-6)
    assert after.score == pytest.approx(1 / (1 + math.exp(-after.value)))
    shares = with_live(explained(ranker(), items, Workings.without_model(first_stage(items)), 0), {"together": 1.0})
    assert shares.unit == "logit"
    assert shares.parts["together"] == 1.0
    assert 1 / (1 + math.exp(-shares.value)) == pytest.approx(shares.score, abs=1e-9)


def test_words_add_up_to_the_value_and_the_whole_text_is_read_as_it_was():
    items, workings = ranked(3)
    for item in (workings.ranking.items[0], workings.ranking.items[4]):
        found = explained_words(ranker(), QUERY_TEXT, items, workings, item.position, passes=60)
        whole = explained(ranker(), items, workings, item.position)
        value = whole.value - whole.parts.get(UNREAD, 0.0)
        assert found.base + found.contributions.sum() == pytest.approx(value, abs=1e-5)
        assert found.passes <= (60 if whole.read else 300)
    game = WordGame(ranker(), QUERY_TEXT, items, workings, 0)
    assert game(np.ones((1, len(game.words)), bool)).shape == (1,)


def test_the_engine_is_heard_for_shorter_queries():
    items, workings = ranked(5)
    position = next(place for place, item in enumerate(items) if "bm25" in item.signals)
    asked: list[str] = []

    def heard(queries):
        asked.extend(queries)
        return [{"bm25": 2.0 * len(query.split()), "text_vector": 0.1 * len(query.split())} for query in queries]

    explained_words(ranker(), QUERY_TEXT, items, workings, position, heard=heard, passes=60)
    assert len(asked) == len(set(asked)) == 2**4 - 2
    assert QUERY_TEXT not in asked


def test_an_item_whose_signals_stay_the_same_has_the_same_features():
    from ranker.signals import Wording, restated, reworded

    items = window(6)
    table = features(QUERY_TEXT, items)
    wording = Wording.of(QUERY_TEXT, [item.text or "" for item in items])
    for row, item in zip(table, items, strict=True):
        own = {name: item.signals.get(name) for name in SIGNALS if name != "price"}
        assert restated(row, items, own) == pytest.approx(row, abs=1e-6)
        assert reworded(row, wording, QUERY_TEXT, item.text or "") == pytest.approx(row, abs=1e-6)


def test_words_are_left_out_with_what_they_are_and_nothing_more():
    words = words_of("women's t-shirt 红色跑鞋", "Café Chair, 2.5 kg | Acme. Not this")
    assert [word.text for word in words] == ["women's", "t-shirt", "红色", "跑鞋", "Café", "Chair", "2.5", "kg"]
    assert [word.where for word in words].count(QUERY) == 4
    assert without("a chair without wheels", [(8, 15)]) == "a chair wheels"
    assert without("红色跑鞋", [(0, 2)]) == "跑鞋"


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_the_smallest_change_is_the_smallest(most, steps, needed):
    tried = []

    def swaps(amount):
        tried.append(amount)
        return amount >= needed

    found = smallest(swaps, most, steps=steps)
    assert found == (None if needed > most else max(needed, 1))
    assert len(tried) <= 2 * most.bit_length() + 4


def test_a_search_for_a_change_can_be_stopped():
    with pytest.raises(OutOfTime):
        smallest(lambda amount: amount > 50, 100, stop=lambda: True)
