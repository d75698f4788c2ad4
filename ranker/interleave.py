"""Team-draft interleaving: two rankers on one page, judged by where the clicks go (Radlinski, Kurup, Joachims, CIKM
2008)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .significance import chance_of

Team = Literal["a", "b"]
RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """An interleaved list.

    Attributes:
        items: as shown.
        teams: who put each there.
    """

    items: tuple[str, ...]
    teams: tuple[Team, ...]


def team_draft(a: Sequence[str], b: Sequence[str], size: int, first: Callable[[], bool]) -> Page:
    """Let two rankers choose in turn, each its best that is not chosen yet.

    Args:
        a: one ranking, best first, without repeats.
        b: the other.
        size: of the page.
        first: tossed before each round; whether ``a`` chooses first in it.
    """
    rankings: dict[Team, Sequence[str]] = {"a": a, "b": b}
    places: dict[Team, int] = {"a": 0, "b": 0}
    items: list[str] = []
    teams: list[Team] = []
    taken: set[str] = set()
    while len(items) < size:
        order: tuple[Team, ...] = ("a", "b") if first() else ("b", "a")
        before = len(items)
        for team in order:
            ranking, place = rankings[team], places[team]
            while place < len(ranking) and ranking[place] in taken:
                place += 1
            places[team] = place
            if place < len(ranking) and len(items) < size:
                items.append(ranking[place])
                teams.append(team)
                taken.add(ranking[place])
        if len(items) == before:
            break
    return Page(tuple(items), tuple(teams))


@dataclass(frozen=True, slots=True)
class Duel:
    """The outcome of many pages.

    Attributes:
        a: pages that ``a`` won: more clicks on its results.
        b: pages that ``b`` won.
        ties: pages with clicks for both alike; pages without a click tell nothing and are not counted.
        preference: ``(b + ties / 2) / (a + b + ties)``: 0.5 is a draw, more is for ``b``.
        low: lower end of its 95 % interval, people resampled.
        high: upper end.
        people: who clicked on any page.
        p: how likely so many people prefer the same one by chance alone (two-sided sign test over people, those who
            are undecided left out).
    """

    a: int
    b: int
    ties: int
    preference: float
    low: float
    high: float
    people: int
    p: float


def judged(pages: Iterable[tuple[str, Page, Iterable[str]]], *, seed: int = 0) -> Duel:
    """Judge two rankers.

    Args:
        pages: (who saw it, the page, what was clicked) each.
        seed: of the resamples.

    Raises:
        ValueError: no page got a click.
    """
    by_person: dict[str, list[float]] = {}
    counts = {"a": 0, "b": 0, "tie": 0}
    for person, page, clicked in pages:
        chosen = set(clicked)
        teams = [team for item, team in zip(page.items, page.teams, strict=True) if item in chosen]
        if not teams:
            continue
        a, b = teams.count("a"), teams.count("b")
        outcome = "a" if a > b else "b" if b > a else "tie"
        counts[outcome] += 1
        by_person.setdefault(person, []).append({"a": 0.0, "b": 1.0, "tie": 0.5}[outcome])
    if not by_person:
        raise ValueError("pages: none got a click")
    sums = np.array([[sum(wins), len(wins)] for _, wins in sorted(by_person.items())])
    dice = np.random.default_rng(seed)
    drawn = sums[dice.integers(0, len(sums), (RESAMPLES, len(sums)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    total = sums.sum(axis=0)
    # Were the two alike, each person's side could as well be the other: with sides of -1 and 1 that is the sign test.
    chance = chance_of(np.sign(sums[:, 0] / sums[:, 1] - 0.5))
    share = float(total[0] / total[1])
    return Duel(counts["a"], counts["b"], counts["tie"], share, float(low), float(high), len(sums), chance)
