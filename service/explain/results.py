"""Why a result of a search stands where it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personal.visitor import NOBODY, Visitor
from plugin.query import SearchRequest
from plugin.rewording import signals_of
from ranker.asked import read
from ranker.explain.signals import Explained, explained

from .. import sentences
from ..parts import Parts
from ..problems import Problem, invalid
from ..schemas.explain import ContributionOut, ExplainBody, ExplainOut
from ..schemas.search import SearchBody
from .scene import Scene, scene_of
from .seen import Look, Seen, nobody, words_of
from .swaps import Swaps

CHANGES_SHARE = 0.5
"""Of the time that is left after the signals, what the search for changes may take; the rest is for words, where any
are asked for."""


def explain_result(
    parts: Parts, body: ExplainBody, visitor: Visitor = NOBODY, *, lacks: str | None = None, look: Look = nobody
) -> ExplainOut:
    """Explain one result for the caller who searched; ``look`` is told what was looked at.

    Raises:
        Problem: the search does not bring the product, or ``query_id`` is of another question.
        InvalidQuery, UnknownCatalogue, EncoderMismatch, EngineError, EncoderError: as a search raises them.
    """
    started = time.monotonic()
    until = started + body.limit_ms / 1000
    if not (body.query or "").strip() and body.image is None:
        raise invalid("query", "without a query and a picture nothing is ranked, so there is nothing to explain")
    asked = {"query": body.query, "image": body.image, "index": body.index, "filters": body.filters}
    scene = scene_of(parts, SearchBody.model_validate(asked), visitor, lacks)
    stored = parts.search.stored(scene.index, body.query_id, scene.question.digest)
    if body.id not in scene.ids:
        raise Problem(
            404,
            "not-a-result",
            "The search does not bring this product: its filters leave it out, the shop hides it, "
            f"or it is beyond the first {scene.found.window} matches.",
            [("id", "not among the results")],
        )
    place = scene.ids.index(body.id)
    answer = ExplainOut(
        id=body.id,
        kind="search",
        rank=place + 1,
        shown_rank=stored.ids.index(body.id) + 1 if stored is not None and body.id in stored.ids else None,
        shown_score=round(scene.scores[place], 6),
        model=scene.workings.ranking.model,
        degraded=(stored.degraded if stored is not None else None) or scene.lacks,
        why=[],
        contributions=[],
        took_ms=0.0,
    )
    found: Explained | None = None
    position = next((n for n, item in enumerate(scene.candidates) if item.id == body.id), None)
    if position is not None:
        found = explained(parts.ranker, scene.candidates, scene.workings, position)
        answer = with_signals(answer, found, scene.candidates[position].signals, body)
        answer = answer.model_copy(
            update=_more(parts, scene, body, _seen(parts, scene, position, found), until, look=look)
        )
    why = _why(answer, scene, body, found)
    return answer.model_copy(update={"why": why, "took_ms": round((time.monotonic() - started) * 1000, 2)})


def with_signals(answer: ExplainOut, found: Explained, signals: Mapping[str, float], body: ExplainBody) -> ExplainOut:
    """An answer with contributions in it."""
    contributions = [
        ContributionOut(name=name, label=sentences.label(name, body.language), value=value, signal=signals.get(name))
        for name, value in found.parts.items()
    ]
    return answer.model_copy(
        update={
            "unit": found.unit,
            "base": found.base,
            "value": found.value,
            "score": found.score,
            "read": found.read,
            "contributions": contributions,
        }
    )


def _seen(parts: Parts, scene: Scene, position: int, found: Explained) -> Seen:
    ask = heard(parts, scene, scene.candidates[position].id)
    return Seen(scene.question.request.text or "", scene.candidates, scene.workings, position, found, ask)


def _more(parts: Parts, scene: Scene, body: ExplainBody, seen: Seen, until: float, *, look: Look) -> dict[str, Any]:
    """Words and changes, as far as the time goes."""
    now = time.monotonic()
    swaps = Swaps(parts, scene, body, now + (CHANGES_SHARE if body.passes else 1.0) * (until - now))
    found: dict[str, Any] = {"swap": swaps.found(seen.position)}
    if scene.workings.ranking.model != "first_stage":
        if seen.query and body.passes:
            found["words"] = words_of(parts, seen, body.passes, until)
        look(seen)
    return found


def heard(parts: Parts, scene: Scene, item: str) -> Callable[[Sequence[str]], Sequence[Mapping[str, float]]]:
    """Asks the engine what it says of a product for shorter queries."""
    question = scene.question
    texts = parts.encoders.of(question.catalogue) if question.request.text_vector is not None else None
    space = parts.encoders.images_of(question.catalogue) if question.request.image_vector is not None else None
    own_picture = question.request.image_vector if space is None else None

    def ask(queries: Sequence[str]) -> Sequence[Mapping[str, float]]:
        wanted = [read(query).wanted for query in queries]
        # Through the encoder and not through what is remembered of searches: these are nobody's queries.
        vectors = texts.encoder.encode(wanted, role="query") if texts is not None else [None] * len(wanted)
        images = space.texts.encoder.encode(wanted, role="query") if space is not None else [own_picture] * len(wanted)
        requests = [
            SearchRequest(text=text, text_vector=vector, image_vector=image, spelling=False)
            for text, vector, image in zip(wanted, vectors, images, strict=True)
        ]
        return signals_of(parts.engine, question.catalogue, item, requests)

    return ask


def _why(answer: ExplainOut, scene: Scene, body: ExplainBody, found: Explained | None) -> list[str]:
    language, rule = body.language, scene.question.rule
    said = []
    if body.id in rule.pinned:
        said.append(sentences.fact("pinned", language))
    if boost := rule.boosts.get(body.id):
        said.append(sentences.fact("raised" if boost > 0 else "lowered", language))
    if found is not None:
        said += sentences.moved(found.parts, language)
    elif body.id not in rule.pinned:
        said.append(sentences.fact("beyond", language))
    if not scene.question.request.text:
        said.append(sentences.fact("picture", language))
    if any(sentences.personal(hit.signals) for hit in scene.found.hits):
        said.append(sentences.fact("personal", language))
    said += sentences.lacking(answer.degraded, language)
    if answer.shown_rank is not None and answer.shown_rank != answer.rank:
        said.append(sentences.fact("moved", language, was=answer.shown_rank, now=answer.rank))
    return said
