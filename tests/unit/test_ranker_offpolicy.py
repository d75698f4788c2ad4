"""Judging on logs: against what simulated people would truly do."""

from __future__ import annotations

import numpy as np
import pytest

from ranker.offpolicy import OffPolicy, Shown, examination, self_normalised

ITEMS = [f"i{number}" for number in range(8)]


def logged(ranking: list[str], liked: dict[str, float], queries: int, eta: float, seed: int) -> list[Shown]:
    dice = np.random.default_rng(seed)
    theta = examination(eta, 100)
    return [
        Shown(
            f"q{number}",
            "text",
            tuple(ranking),
            frozenset(item for rank, item in enumerate(ranking, 1) if dice.random() < theta(rank) * liked[item]),
        )
        for number in range(queries)
    ]


def truth(ranking: list[str], liked: dict[str, float], eta: float) -> float:
    theta = examination(eta, 100)
    looks = [theta(rank) for rank in range(1, len(ranking) + 1)]
    return sum(look * liked[item] for look, item in zip(looks, ranking, strict=True)) / sum(looks)


def test_the_estimate_is_what_the_other_ranking_would_get() -> None:
    liked = dict(zip(ITEMS, [0.05, 0.1, 0.6, 0.2, 0.05, 0.7, 0.1, 0.3], strict=True))
    best = sorted(ITEMS, key=lambda item: -liked[item])
    log = logged(ITEMS, liked, 6000, 1.0, seed=3)
    ranked = {one.query_id: best for one in log}
    found = self_normalised(log, ranked, examination(1.0, 10))
    assert found.logged.mean == pytest.approx(truth(ITEMS, liked, 1.0), rel=0.05)
    assert found.value.mean == pytest.approx(truth(best, liked, 1.0), rel=0.05)
    assert found.value.low < truth(best, liked, 1.0) < found.value.high
    assert found.logged.high < found.value.low
    worst = self_normalised(log, {one.query_id: best[::-1] for one in log}, examination(1.0, 10))
    assert worst.value.high < found.logged.low
    assert 0 < found.effective < found.shown == 6000 * len(ITEMS)


def test_who_repeats_the_log_gets_what_the_log_got() -> None:
    log = logged(ITEMS, dict.fromkeys(ITEMS, 0.4), 50, 0.8, seed=1)
    found = self_normalised(log, {one.query_id: one.items for one in log}, examination(0.8, 10))
    assert found.value == found.logged
    assert found.effective == pytest.approx(found.shown)
    assert found.overlap == 1.0


def test_the_effective_sample_size_by_hand() -> None:
    log = [Shown("q", "text", ("a", "b"), frozenset({"b"}))]
    found: OffPolicy = self_normalised(log, {"q": ["b", "a"]}, examination(1.0, 10))
    # Weights: a stood first and would stand second, 1/2; b the other way round, 2.
    assert found.effective == pytest.approx(2.5**2 / 4.25)
    assert found.value.mean == pytest.approx(2.0 / (0.5 * 1.0 + 2.0 * 0.5))
    half = self_normalised(log, {"q": ["b"]}, examination(1.0, 10))
    assert half.overlap == 0.5


def test_a_log_that_tells_nothing_is_named() -> None:
    with pytest.raises(ValueError, match="shows no result"):
        self_normalised([], {}, examination(0.8, 10))
    log = [Shown("q", "text", ("a",), frozenset())]
    with pytest.raises(ValueError, match="tells nothing"):
        self_normalised(log, {"q": ["z"]}, examination(0.8, 10))
