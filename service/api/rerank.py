"""``POST /v1/rerank``, ``/v2/rerank``, ``/rerank``: the ranker over texts or candidates that the caller brings."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Sequence

from apiflask import APIBlueprint
from flask import Response

from ranker.candidate import SIGNALS, Candidate, Ranking

from .. import metrics
from ..app import parts
from ..problems import Problem, invalid
from ..schemas.rerank import (
    CandidatesBody,
    DocumentsBody,
    RerankAnswer,
    RerankBody,
    RerankOut,
    RerankResultOut,
    TextsBody,
    TextScoreOut,
)
from ..settings import Settings
from .answers import answer, check_count, check_text

blueprint = APIBlueprint("rerank", __name__, tag="rerank")
DIGITS = 6
TINY = 1e-9


@blueprint.post("/v1/rerank")
@blueprint.input(RerankBody, arg_name="body")
@blueprint.output(RerankAnswer)
def rerank(body: RerankBody) -> Response:
    """Put documents in order of relevance to a query."""
    settings = parts().settings
    check_text("query", body.root.query, settings.max_query_chars)
    match body.root:
        case DocumentsBody() as documents:
            return _documents(documents, settings)
        case TextsBody() as texts:
            return _texts(texts, settings)
        case CandidatesBody() as candidates:
            return _candidates(candidates, settings)


for path in ("/v2/rerank", "/rerank"):
    blueprint.add_url_rule(path, endpoint="rerank", view_func=rerank, methods=["POST"])


def _documents(body: DocumentsBody, settings: Settings) -> Response:
    texts = [item if isinstance(item, str) else item.text for item in body.documents]
    ranking = _rank(body.query, _plain("documents", texts, settings))
    results = [
        RerankResultOut(
            index=item.position,
            relevance_score=relevance(item.score),
            document={"text": texts[item.position]} if body.return_documents else None,
        )
        for item in ranking.items[: body.top_n]
    ]
    return answer(RerankOut(id=str(uuid.uuid4()), model=ranking.model, results=results, degraded=ranking.degraded))


def _texts(body: TextsBody, settings: Settings) -> Response:
    ranking = _rank(body.query, _plain("texts", body.texts, settings))
    return answer(
        RerankAnswer(
            [
                TextScoreOut(
                    index=item.position,
                    score=raw(item.score) if body.raw_scores else relevance(item.score),
                    text=body.texts[item.position] if body.return_text else None,
                )
                for item in ranking.items[: body.top_n]
            ]
        )
    )


def _candidates(body: CandidatesBody, settings: Settings) -> Response:
    check_count("candidates", len(body.candidates), settings.max_rerank_documents)
    seen: set[str] = set()
    for place, given in enumerate(body.candidates):
        if given.id in seen:
            raise invalid(f"candidates.{place}.id", "given twice")
        seen.add(given.id)
        check_text(f"candidates.{place}.text", given.text or "", settings.max_document_chars)
        for signal in given.signals:
            if signal not in SIGNALS:
                raise invalid(f"candidates.{place}.signals", f"unknown signal; known are {', '.join(SIGNALS)}")
    ranking = _rank(body.query, [Candidate(given.id, given.text, given.signals) for given in body.candidates])
    results = [
        RerankResultOut(
            index=item.position,
            relevance_score=relevance(item.score),
            id=item.id,
            signals=body.candidates[item.position].signals,
        )
        for item in ranking.items[: body.top_n]
    ]
    return answer(RerankOut(id=str(uuid.uuid4()), model=ranking.model, results=results, degraded=ranking.degraded))


def _plain(field: str, texts: Sequence[str], settings: Settings) -> list[Candidate]:
    check_count(field, len(texts), settings.max_rerank_documents)
    for place, text in enumerate(texts):
        check_text(f"{field}.{place}", text, settings.max_document_chars)
    return [Candidate(f"{place:06d}", text) for place, text in enumerate(texts)]


def _rank(query: str, candidates: list[Candidate]) -> Ranking:
    """Read every document: who sends them wants each judged. Past the budget the answer is refused, not made up."""
    if not query.strip():
        raise invalid("query", "empty")
    here = parts()
    deadline = time.monotonic() + here.settings.rerank_request_budget_ms / 1000
    ranker = here.ranker
    with metrics.stage("rank"):
        ranking = ranker.rank(query, candidates, deadline=deadline, depth=len(candidates))
    if ranking.degraded is not None:
        metrics.DEGRADED.labels(ranking.degraded).inc()
        if not any(candidate.signals for candidate in candidates):
            raise Problem(503, "rerank-failed", f"The model could not read every document ({ranking.degraded}).")
    return ranking


def relevance(score: float) -> float:
    """A score as clients take it: a float in 0..1, never an integer."""
    return round(float(score), DIGITS)


def raw(score: float) -> float:
    """The logit behind a score; clipped where a float cannot tell it from 0 or 1."""
    inside = min(max(score, TINY), 1.0 - TINY)
    return round(math.log(inside / (1.0 - inside)), DIGITS)
