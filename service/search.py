"""Search, composed: encode, gather, rank, answer. No stage is written here; this is the order of them and what happens
when one of them cannot."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from plugin.candidates import CandidateSet, Hit, beyond, gather
from plugin.catalogue import Catalogue
from plugin.document import passage
from plugin.errors import EngineError, EngineRejected
from plugin.query import SearchRequest, listing_body, window_body
from ranker.candidate import Candidate, Ranking
from ranker.fusion import first_stage

from . import metrics, rankings
from .catalogues import Catalogues
from .parts import Parts
from .problems import invalid
from .rankings import StoredRanking
from .schemas import FacetOut, ResultOut, SearchBody, SearchOut

log = logging.getLogger("hybridrank.service")


@dataclass(frozen=True, slots=True)
class Question:
    """A request with everything that the engine needs to answer it."""

    request: SearchRequest
    catalogue: Catalogue
    digest: str


class SearchService:
    """Answers searches. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._catalogues = Catalogues(parts.engine)

    def answer(self, body: SearchBody) -> SearchOut:
        """Answer one search.

        Raises:
            Problem: ``query_id`` is of another question.
            InvalidQuery: a filter, facet, sort or place that cannot be.
            UnknownCatalogue: no such index.
            EncoderMismatch: the index was written with another encoder.
            EngineError: the engine does not answer or refuses.
            EncoderError: the encoder cannot be loaded.
        """
        started = time.perf_counter()
        name = body.index or self._parts.settings.index
        try:
            found = self._answer(body, self.question(body))
        except EngineRejected as error:
            if error.status != 404:
                raise
            # The generation that was remembered is gone: a rebuild has put another in its place.
            self._catalogues.forget(name)
            found = self._answer(body, self.question(body))
        return found.model_copy(update={"took_ms": round((time.perf_counter() - started) * 1000, 2)})

    def question(self, body: SearchBody) -> Question:
        """Check a request, encode its text, and name the one index generation that is asked.

        The generation is asked by its own name, not by the alias: so its vectors are those of the encoder that was
        compared here, also when a rebuild swaps the alias at this moment.
        """
        catalogue = self._catalogues.find(body.index or self._parts.settings.index)
        text = " ".join((body.query or "").split()) or None
        vector = None
        vectors = self._parts.encoders.of(catalogue) if text is not None else None
        if text is not None and vectors is not None:
            with metrics.stage("encode"):
                vector = vectors.of(text)
        request = SearchRequest(
            text=text,
            text_vector=vector,
            filters=body.filters or {},
            facets=tuple(body.facets or ()),
            sort=body.sort,
            k_lexical=self._parts.settings.candidates_per_signal,
            k_vector=self._parts.settings.candidates_per_signal,
            from_=body.from_,
            size=body.size,
        )
        digest = rankings.asked(catalogue.name, text, body.filters, body.sort)
        return Question(request, replace(catalogue, name=catalogue.index), digest)

    def engine_body(self, body: SearchBody) -> dict[str, Any]:
        """The search body that OpenSearch is sent for a request; raises as :meth:`answer` does."""
        question = self.question(body)
        request = question.request
        if request.is_listing:
            return listing_body(request)
        return window_body(request, from_=0, size=request.window(question.catalogue.shards))

    def _answer(self, body: SearchBody, question: Question) -> SearchOut:
        index = body.index or self._parts.settings.index
        stored = self._stored(index, body.query_id, question.digest)
        with metrics.stage("engine"):
            found = gather(self._parts.engine, question.catalogue, question.request)
        if found.ordered:
            ranking = StoredRanking(question.digest, (), (), "listing", None, found.did_you_mean)
            first = question.request.from_
            results = [_result(hit, first + place + 1, 0.0) for place, hit in enumerate(found.hits)]
        else:
            ranking = stored or self._rank(question, found)
            results = self._page(question, found, ranking)
        query_id = body.query_id or str(uuid.uuid4())
        if stored is None:
            self._log(index, query_id, question, results, ranking)
        return SearchOut(
            query_id=query_id,
            took_ms=0.0,
            total=found.total,
            did_you_mean=found.did_you_mean,
            facets={name: FacetOut.of(facet) for name, facet in found.facets.items()} or None,
            degraded=ranking.degraded,
            results=results,
        )

    def _stored(self, index: str, query_id: str | None, digest: str) -> StoredRanking | None:
        if query_id is None:
            return None
        with metrics.stage("replay"):
            stored = rankings.read(self._parts.engine, index, query_id)
        if stored is not None and stored.asked != digest:
            raise invalid("query_id", "belongs to another question; leave it out to ask a new one")
        return stored

    def _rank(self, question: Question, found: CandidateSet) -> StoredRanking:
        """Put the window in the model's order, or, where that cannot be, in the first stage's, and say so."""
        candidates = [Candidate(hit.id, passage(hit.source), hit.signals) for hit in found.hits]
        with metrics.stage("rank"):
            ranking = self._model_order(question.request.text or "", candidates)
        if ranking.degraded is not None:
            metrics.DEGRADED.labels(ranking.degraded).inc()
        ids = [item.id for item in ranking.items] + [hit.id for hit in found.rest]
        scores = [item.score for item in ranking.items] + [0.0] * len(found.rest)
        return StoredRanking(
            question.digest, tuple(ids), tuple(scores), ranking.model, ranking.degraded, found.did_you_mean
        )

    def _model_order(self, query: str, candidates: Sequence[Candidate]) -> Ranking:
        settings = self._parts.settings
        deadline = time.monotonic() + settings.rerank_budget_ms / 1000
        try:
            return self._parts.ranker.rank(query, candidates, deadline=deadline, depth=settings.rerank_depth)
        except Exception as error:  # noqa: BLE001 - whatever breaks in a model, people still get results
            log.error("the model failed: %s", type(error).__name__)
            return first_stage(candidates, degraded="model_error")

    def _page(self, question: Question, found: CandidateSet, ranking: StoredRanking) -> list[ResultOut]:
        """The wanted part of the order: from the ranked window, and from beyond it where it reaches so far."""
        request = question.request
        first, last = request.from_, request.from_ + request.size
        inside = list(zip(ranking.ids, ranking.scores, strict=True))[first:last]
        known = {hit.id: hit for hit in (*found.hits, *found.rest)}
        known |= self._fetched(question, [name for name, _ in inside if name not in known])
        results = [
            _result(known[name], first + place + 1, score)
            for place, (name, score) in enumerate(inside)
            if name in known
        ]
        start = max(first, len(ranking.ids))
        if start < last and len(ranking.ids) >= found.window and start < found.total:
            with metrics.stage("engine"):
                tail = beyond(self._parts.engine, question.catalogue, request, from_=start, size=last - start)
            results += [
                _result(hit, start + place + 1, 0.0) for place, hit in enumerate(tail) if hit.id not in ranking.ids
            ]
        return results

    def _fetched(self, question: Question, ids: Sequence[str]) -> dict[str, Hit]:
        """Products of a replayed order that newer ones have pushed out of the window since."""
        if not ids or "id" in question.request.filters:
            return {}
        filters = {**question.request.filters, "id": list(ids)}
        request = replace(question.request, filters=filters, facets=(), spelling=False, from_=0)
        with metrics.stage("engine"):
            found = gather(self._parts.engine, question.catalogue, request)
        return {hit.id: hit for hit in (*found.hits, *found.rest)}

    def _log(
        self, index: str, query_id: str, question: Question, results: Sequence[ResultOut], ranking: StoredRanking
    ) -> None:
        """Write the query log. An answer is worth more than its record, so a failure is counted, not raised."""
        shown = [result.id for result in results]
        try:
            with metrics.stage("log"):
                rankings.write(
                    self._parts.engine, index, query_id, query=question.request.text, shown=shown, ranking=ranking
                )
        except EngineError as error:
            metrics.UNLOGGED.labels(type(error).__name__).inc()
            log.warning("a query could not be logged: %s", type(error).__name__)


def _result(hit: Hit, rank: int, score: float) -> ResultOut:
    signals = {name: round(value, 6) for name, value in hit.signals.items()}
    source: dict[str, Any] = dict(hit.source)
    return ResultOut(id=hit.id, rank=rank, score=round(score, 6), signals=signals, source=source)
