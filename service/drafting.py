"""An order that two rankings make in turn, for the answers of an experiment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from personal.merchandising import pinned
from plugin.candidates import CandidateSet
from ranker.candidate import Candidate, Ranking
from ranker.interleave import team_draft
from ranker.model import Ranker

if TYPE_CHECKING:
    from .search import Question, SearchService

PERSONAL = ("profile", "session")


@dataclass(frozen=True, slots=True)
class Drafted:
    """The order and who made it.

    Attributes:
        ids: best first, merchandising in it.
        scores: one an id: of the ranking that put it there.
        teams: a letter an id: ``a`` or ``b`` put it there, ``-`` merchandising did.
        model: who ranked, both.
        degraded: what either ranking had to do without. Then ``teams`` is empty and the order is the first's alone.
    """

    ids: list[str]
    scores: list[float]
    teams: str
    model: str
    degraded: str | None


def drafted(
    search: SearchService,
    question: Question,
    found: CandidateSet,
    candidates: Sequence[Candidate],
    *,
    between: tuple[tuple[str, Ranker], tuple[str, Ranker]],
) -> Drafted:
    """Let an experiment's two rankings order one window, and draft a page from both.

    It costs one ranking more than an answer without an experiment: candidates and signals are gathered once. Boosts
    count in both; pinned products stand at their places and are nobody's.

    Args:
        search: ranks and applies merchandising.
        question: what was asked.
        found: the window.
        candidates: the window as rankers take it.
        between: the two systems of the experiment, each with its model.
    """
    orders: list[dict[str, float]] = []
    models: list[str] = []
    for system, ranker in between:
        window = [_of_nobody(one) for one in candidates] if system == "ranked" else candidates
        ranking = search.worked(question.request.text or "", window, ranker=ranker).ranking
        ids, scores = search.shaped(question, ranking, found)
        if ranking.degraded is not None:
            return Drafted(ids, scores, "", ranking.model, ranking.degraded)
        orders.append(dict(zip(ids, scores, strict=True)))
        models.append(ranking.model)
    pins = set(question.rule.pinned)
    first, second = ([item for item in order if item not in pins] for order in orders)
    page = team_draft(first, second, len(first), lambda: secrets.randbits(1) == 1)
    team_of = dict(zip(page.items, page.teams, strict=True))
    ids = pinned([*page.items, *(item for item in orders[0] if item in pins)], question.rule)
    scores = [orders[team_of.get(item) == "b"][item] for item in ids]
    teams = "".join(team_of.get(item, "-") for item in ids)
    return Drafted(ids, scores, teams, " | ".join(models), None)


def _of_nobody(candidate: Candidate) -> Candidate:
    signals = {name: value for name, value in candidate.signals.items() if name not in PERSONAL}
    return replace(candidate, signals=signals)


def only(ranking: Ranking, ids: list[str], scores: list[float]) -> Drafted:
    """An order without an experiment."""
    return Drafted(ids, scores, "", ranking.model, ranking.degraded)
