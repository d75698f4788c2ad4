"""How queries are drawn to be typed again, and what a place among suggestions is worth."""

from __future__ import annotations

import pytest

from ranker.errors import JudgmentError
from service.evaluate_suggest import PEOPLE, reciprocal, typing_of

TEXTS = [f"{colour} {thing}" for colour in ("red", "blue", "green") for thing in ("lamp", "chair", "tent", "boot")]


def test_a_few_queries_are_typed_by_many_and_only_known_ones_count() -> None:
    found = typing_of([*TEXTS, "Red  Lamp", "x", "write to me@example.org"], enough=5, most=200, seed=3)
    assert found.texts == len(TEXTS), "what may not be suggested is no query, and one is the same however it is written"
    assert set(found.known) == set(TEXTS)
    assert sum(found.known.values()) == PEOPLE
    harmonic = sum(1 / rank for rank in range(1, len(TEXTS) + 1))
    by_rank = sorted(found.known.values(), reverse=True)
    assert by_rank[0] == pytest.approx(PEOPLE / harmonic, rel=0.05)
    assert by_rank[3] == pytest.approx(PEOPLE / harmonic / 4, rel=0.05)
    assert len(found.wanted) == 200
    assert found == typing_of(TEXTS, enough=5, most=200, seed=3)
    assert found.known != typing_of(TEXTS, enough=5, most=200, seed=4).known
    few = typing_of(TEXTS, enough=int(by_rank[5]), most=200, seed=3)
    assert set(few.known) < set(TEXTS)
    assert set(few.wanted) - set(few.known), "what too few typed is typed again too"


def test_nothing_to_type_is_named() -> None:
    with pytest.raises(JudgmentError, match="may be suggested"):
        typing_of(["x", "me@example.org"], enough=5)
    with pytest.raises(JudgmentError, match="typed by 100001"):
        typing_of(TEXTS, enough=PEOPLE + 1)


def test_a_place_counts_however_the_text_is_written() -> None:
    assert reciprocal(["blue lamp", "Café  Table"], "cafe table") == 0.5
    assert reciprocal(["blue lamp"], "blue lamps") == 0.0
    assert reciprocal([], "a lamp") == 0.0
