"""Team-draft interleaving: fair to both, and it finds the better one."""

from __future__ import annotations

import random

import pytest

from ranker.interleave import Page, judged, team_draft


def test_by_hand() -> None:
    page = team_draft(["x", "y", "z"], ["y", "w", "x"], 4, iter([True, False]).__next__)
    assert page == Page(("x", "y", "w", "z"), ("a", "b", "b", "a"))
    assert team_draft(["x"], ["x", "y"], 5, lambda: True) == Page(("x", "y"), ("a", "b"))
    assert team_draft([], [], 5, lambda: True) == Page((), ())
    assert team_draft(["x", "y"], ["y", "x"], 1, lambda: False) == Page(("y",), ("b",))


def test_random_clicks_prefer_nobody_and_true_clicks_prefer_the_better() -> None:
    dice = random.Random(5)
    items = [f"i{number}" for number in range(20)]
    random_pages, true_pages = [], []
    for person in range(600):
        worse, better = dice.sample(items, 20), sorted(items, key=lambda item: int(item[1:]) + dice.random() * 8)
        page = team_draft(worse, better, 10, lambda: dice.random() < 0.5)
        assert len(set(page.items)) == 10
        assert abs(page.teams.count("a") - page.teams.count("b")) <= 0 or len(page.items) % 2
        random_pages.append((f"p{person}", page, [dice.choice(page.items)]))
        liked = [item for item in page.items if dice.random() < 1 / (1 + int(item[1:]))]
        true_pages.append((f"p{person}", page, liked))
    nobody = judged(random_pages)
    assert nobody.low < 0.5 < nobody.high
    better = judged(true_pages)
    assert better.low > 0.5
    assert better.a + better.b + better.ties == sum(bool(clicked) for _, _, clicked in true_pages)


def test_ties_and_pages_without_clicks() -> None:
    page = Page(("x", "y"), ("a", "b"))
    found = judged([("p", page, ["x", "y"]), ("p", page, []), ("q", page, ["y"])])
    assert (found.a, found.b, found.ties) == (0, 1, 1)
    assert found.preference == 0.75
    with pytest.raises(ValueError, match="none got a click"):
        judged([("p", page, [])])
