"""The window of a search, gathered and ranked anew for the one who asks why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personal.visitor import NOBODY, Visitor
from plugin.candidates import CandidateSet, gather
from ranker.candidate import Candidate
from ranker.model import Workings

from ..parts import Parts
from ..schemas.search import SearchBody
from ..search import Question


@dataclass(frozen=True, slots=True)
class Scene:
    """A window as it was ranked.

    Attributes:
        body: the search.
        index: the alias.
        question: what was asked.
        found: what it brought, with live signals.
        candidates: the ranked window.
        workings: of its ranking.
        ids: the whole order, as merchandising shaped it.
        scores: one each.
        lacks: what could not be had.
    """

    body: SearchBody
    index: str
    question: Question
    found: CandidateSet
    candidates: Sequence[Candidate]
    workings: Workings
    ids: Sequence[str]
    scores: Sequence[float]
    lacks: str | None


def scene_of(parts: Parts, body: SearchBody, visitor: Visitor = NOBODY, lacks: str | None = None) -> Scene:
    """Gather and rank the window of a search as :class:`service.search.SearchService` does; raises as it does."""
    service = parts.search
    index = body.index or parts.settings.index
    question = service.question(body, visitor, lacks=lacks)
    found, without_signals = service.signalled(
        index, question, gather(parts.engine, question.catalogue, question.request)
    )
    limit = parts.settings.behaviour_budget_ms / 1000
    candidates, without_vectors = service.candidates(question, found, timeout_s=limit)
    workings = service.worked(question.request.text or "", candidates)
    ids, scores = service.shaped(question, workings.ranking, found)
    missing = workings.ranking.degraded or without_signals or without_vectors
    return Scene(body, index, question, found, candidates, workings, ids, scores, missing)
