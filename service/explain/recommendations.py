"""Why a recommendation is given."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from personal.event_times import now_ms
from personal.recommend import query_of, reason_of, title_of
from personal.viewed import request_of
from personal.visitor import NOBODY, Visitor
from plugin.catalogue import Catalogue
from plugin.document import passage
from plugin.rewording import signals_of
from ranker.blend import blended, contributions, shortlist
from ranker.explain.signals import explained, with_live
from ranker.explain.words import Heard

from .. import sentences
from ..candidates import candidate_of
from ..parts import Parts
from ..problems import Problem
from ..recommend import SHORTLIST, worked
from ..recommend_window import NOTHING, Ask, Standpoint, Windowing
from ..schemas.explain import ExplainBody, ExplainOut
from .results import with_signals
from .seen import Look, Seen, nobody, words_of


def explain_recommendation(
    parts: Parts, body: ExplainBody, visitor: Visitor = NOBODY, *, lacks: str | None = None, look: Look = nobody
) -> ExplainOut:
    """Explain one recommendation for the caller who got it: what the ranker made of it, what live signals add, and
    which words of the two products count. ``look`` is told what was looked at.

    Its place is by score; the list that was given may differ from it for variety.

    Raises:
        Problem: the viewed item is not in the catalogue, or the product is not among the candidates.
        UnknownCatalogue: no such index.
        EngineError: the engine does not answer or refuses.
    """
    started = time.monotonic()
    until = started + body.limit_ms / 1000
    catalogue = parts.search.catalogue(body.index or parts.settings.index)
    held, unread = parts.people.read(visitor, catalogue.name) if visitor.owner is not None else NOTHING
    missing = [name for name in (lacks, unread) if name is not None]
    ask = Ask(body.index, body.item, visitor=visitor, social=body.social)
    window = Windowing(parts, catalogue, ask, Standpoint(held, now_ms()), missing)
    viewed = window.viewed()
    origins = window.origins(viewed)
    hits = window.hits(viewed, origins)
    blend = window.blend()
    candidates = shortlist([candidate_of(hit) for hit in hits], SHORTLIST, blend)
    workings, late = worked(parts, viewed, candidates)
    missing += [late] if late is not None else []
    order = blended(workings.ranking, candidates, blend).items
    place = next((place for place, item in enumerate(order) if item.id == body.id), None)
    if place is None:
        detail = f"This is not among the {SHORTLIST} products that were worth scoring here."
        raise Problem(404, "not-a-result", detail, [("id", "not among the candidates")])
    mine = candidates[order[place].position]
    found = explained(parts.ranker, candidates, workings, order[place].position)
    found = with_live(found, contributions(mine.signals, blend), blend.model)
    words = None
    if viewed is not None and workings.ranking.model != "first_stage":
        position = order[place].position
        hear = heard(parts, replace(catalogue, name=catalogue.index), viewed, mine.id)
        seen = Seen(query_of(viewed), candidates, workings, position, found, hear, blend.model)
        if body.passes:
            words = window.without("words", lambda: words_of(parts, seen, body.passes, until), None)
        look(seen)
    degraded = ", ".join(dict.fromkeys(missing)) or None
    title = title_of(viewed) if viewed is not None else None
    reason = reason_of(body.id, mine.signals, origins, title, blend, language=body.language)
    answer = ExplainOut(
        id=body.id,
        kind="recommend",
        rank=place + 1,
        shown_score=round(order[place].score, 6),
        model=workings.ranking.model,
        degraded=degraded,
        why=_why(found.parts, mine.signals, reason, degraded, body),
        contributions=[],
        words=words,
        took_ms=0.0,
    )
    answer = with_signals(answer, found, mine.signals, body)
    return answer.model_copy(update={"took_ms": round((time.monotonic() - started) * 1000, 2)})


def heard(parts: Parts, catalogue: Catalogue, viewed: Mapping[str, Any], item: str) -> Heard:
    """Asks the engine what it says of a product beside a shorter text of the viewed one. Its picture stays."""
    asked = request_of(viewed, hidden=(), also=())
    # The vector is of the whole passage, of which the words that take part are the beginning.
    rest = passage(viewed)[len(query_of(viewed)) :]

    def ask(queries: Sequence[str]) -> Sequence[Mapping[str, float]]:
        # An encoder is needed only here: recommendations themselves compare stored vectors.
        texts = parts.encoders.of(catalogue) if asked.text_vector is not None else None
        shorter = [f"{query}{rest}" for query in queries]
        vectors = texts.encoder.encode(shorter, role="document") if texts is not None else [None] * len(shorter)
        requests = [
            replace(asked, text=query, text_vector=vector) for query, vector in zip(queries, vectors, strict=True)
        ]
        return signals_of(parts.engine, catalogue, item, requests)

    return ask


def _why(
    parts: Mapping[str, float], signals: Mapping[str, float], reason: str, degraded: str | None, body: ExplainBody
) -> list[str]:
    language = body.language
    said = [f"{reason}." if language == "en" else f"{reason}。"]
    said += sentences.moved(parts, language, beside=True)
    friends = sentences.moved({"social": parts.get("social", 0.0)}, language)
    said += [sentence for sentence in friends if sentence not in said]
    if sentences.personal(signals):
        said.append(sentences.fact("personal", language))
    return list(dict.fromkeys([*said, *sentences.lacking(degraded, language)]))
