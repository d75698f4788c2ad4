"""Why a suggestion is offered."""

from __future__ import annotations

import time

from personal.profiles import NOTHING_HELD
from personal.visitor import NOBODY, Visitor

from .. import sentences
from ..parts import Parts
from ..problems import Problem
from ..schemas.explain import ContributionOut, ExplainBody, ExplainOut
from .seen import Look, nobody

EVERY = 100
"""Suggestions that are looked through."""


def explain_suggestion(
    parts: Parts, body: ExplainBody, visitor: Visitor = NOBODY, *, lacks: str | None = None, look: Look = nobody
) -> ExplainOut:
    """Explain one suggestion: its standing, and what the visitor's taste and history add. They add up to ``value``, of
    which ``score`` is the share of its range. No model ranks it, so ``look`` is told nothing.

    Raises:
        Problem: it is not offered for what was typed.
        UnknownCatalogue: no such index.
        EngineError: the engine does not answer.
    """
    started = time.monotonic()
    index = body.index or parts.settings.index
    parts.search.catalogue(index)
    held, unread = parts.people.read(visitor, index) if visitor.owner is not None else (NOTHING_HELD, None)
    offered = parts.suggest.suggester.suggest(index, body.query or "", EVERY, held)
    found = next(((n, one) for n, one in enumerate(offered) if one.text == body.id), None)
    if found is None:
        raise Problem(
            404, "not-a-result", "This is not suggested for what was typed.", [("id", "not among the suggestions")]
        )
    place, suggestion = found
    added = {name: value for name, value in suggestion.parts.items() if value}
    missing = lacks or unread
    return ExplainOut(
        id=body.id,
        kind="suggest",
        rank=place + 1,
        unit="score",
        base=0.0,
        value=sum(added.values()),
        score=suggestion.score,
        degraded=missing,
        why=[*sentences.moved(added, body.language), *sentences.lacking(missing, body.language)],
        contributions=[
            ContributionOut(name=name, label=sentences.label(name, body.language), value=value)
            for name, value in added.items()
        ],
        took_ms=round((time.monotonic() - started) * 1000, 2),
    )
