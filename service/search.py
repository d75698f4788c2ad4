"""Search, composed: encode, gather, rank, answer. No stage is written here; this is the order of them and what happens
when one of them cannot."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from personal.errors import SecretUnusable
from personal.merchandising import NO_RULE, Rule, apply
from personal.profiles import NOTHING_HELD, Held
from personal.visitor import NOBODY, Visitor
from plugin.candidates import CandidateSet, Hit, beyond, gather
from plugin.catalogue import Catalogue
from plugin.errors import EngineError, EngineRejected
from plugin.lexical import readable
from plugin.query import SearchRequest, Vector, listing_body, window_body
from ranker.asked import read
from ranker.candidate import Candidate, Ranking
from ranker.errors import RankerError
from ranker.fusion import first_stage
from ranker.model import Ranker, Workings

from . import metrics, rankings
from .candidates import candidate_of
from .catalogues import Catalogues
from .drafting import drafted, only
from .likeness import WITH_VECTORS, vectors_for
from .moments import with_moments
from .parts import Parts
from .people import without
from .pictured import read_picture
from .problems import invalid
from .rankings import StoredRanking
from .schemas.search import FacetOut, ResultOut, SearchBody, SearchOut

log = logging.getLogger("hybridrank.service")


@dataclass(frozen=True, slots=True)
class Question:
    """A request with everything that the engine needs to answer it.

    Attributes:
        request: what the engine is asked.
        catalogue: the one generation that is asked.
        digest: of the question; see :func:`service.rankings.asked`.
        rule: of merchandising.
        lacks: the part that could not be had (``"merchandising"``), or ``None``.
        visitor: who asks.
        held: what is known about them.
    """

    request: SearchRequest
    catalogue: Catalogue
    digest: str
    rule: Rule = NO_RULE
    lacks: str | None = None
    visitor: Visitor = NOBODY
    held: Held = NOTHING_HELD


class SearchService:
    """Answers searches. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._catalogues = Catalogues(parts.engine)

    def answer(self, body: SearchBody, visitor: Visitor = NOBODY, *, lacks: str | None = None) -> SearchOut:
        """Answer one search.

        Args:
            body: what is asked.
            visitor: who asks.
            lacks: what is known to be lacking already, should nothing else be.

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
            found = self._answer(body, self.question(body, visitor, lacks=lacks))
        except EngineRejected as error:
            if error.status != 404:
                raise
            # The generation that was remembered is gone: a rebuild has put another in its place.
            self._catalogues.forget(name)
            found = self._answer(body, self.question(body, visitor, lacks=lacks))
        return found.model_copy(update={"took_ms": round((time.perf_counter() - started) * 1000, 2)})

    def question(self, body: SearchBody, visitor: Visitor = NOBODY, *, lacks: str | None = None) -> Question:
        """Check a request, encode its text, and name the one index generation that is asked.

        The generation is asked by its own name, not by the alias: so its vectors are those of the encoder that was
        compared here, also when a rebuild swaps the alias at this moment.
        """
        catalogue = self.catalogue(body.index or self._parts.settings.index)
        text = " ".join((body.query or "").split()) or None
        request = SearchRequest(
            text=text,
            image_vector=self._picture(catalogue, body),
            filters=body.filters or {},
            facets=tuple(body.facets or ()),
            sort=body.sort,
            from_=body.from_,
            size=body.size,
        )
        digest = rankings.asked(catalogue.name, text, body.filters, body.sort, visitor.owner, image=body.image)
        return self.completed(catalogue, request, digest, visitor=visitor, lacks=lacks)

    def _picture(self, catalogue: Catalogue, body: SearchBody) -> Vector | None:
        """The vector of the picture that was sent."""
        if body.image is None:
            return None
        if body.sort is not None:
            raise invalid("sort", "what is like a picture comes in the order of likeness; leave sort out")
        space = self._parts.encoders.images_of(catalogue)
        if space is None:
            raise invalid("image", f"catalogue {catalogue.name!r} has no image vectors; index it again with --rebuild")
        with metrics.stage("encode_image"):
            vector: Vector = space.encoder.encode_images([read_picture("image", body.image)])[0]
        return vector

    def catalogue(self, name: str, *, again: bool = False) -> Catalogue:
        """A catalogue as it was a moment ago, or, asked ``again``, as it is; raises as :meth:`answer` does."""
        if again:
            self._catalogues.forget(name)
        return self._catalogues.find(name)

    def completed(
        self,
        catalogue: Catalogue,
        request: SearchRequest,
        digest: str,
        rule: Rule | None = None,
        *,
        visitor: Visitor = NOBODY,
        lacks: str | None = None,
    ) -> Question:
        """Add to what was asked what only this deployment knows: the query's vectors, limits, and merchandising.

        A picture of the caller's own stands for ``image_vector``; without one, the words do, by the text tower of the
        catalogue's image encoder.

        Args:
            catalogue: where.
            request: what was asked, in words.
            digest: of the question.
            rule: of merchandising, where it is known already; ``None`` looks it up.
            visitor: who asks.
            lacks: what is known to be lacking already.
        """
        text = request.words
        asked = read(text) if text is not None else None
        vector, image_vector = None, request.image_vector
        ruled = self._ruled(catalogue.name, text, rule)  # the engine is asked while this thread encodes
        if asked is not None:
            vectors = self._parts.encoders.of(catalogue)
            looked_for = image_vector is None and catalogue.pictured
            space = self._parts.encoders.images_of(catalogue) if looked_for else None
            with metrics.stage("encode"):
                vector = None if vectors is None else vectors.of(asked.wanted)
                image_vector = image_vector if space is None else space.texts.of(asked.wanted)
        rule, without_rule = ruled.result()
        lacks = lacks or without_rule
        held = NOTHING_HELD
        if visitor.owner is not None:
            held, without_held = self._parts.people.read(visitor, catalogue.name)
            lacks = lacks or without_held
        request = replace(
            request,
            lexical=asked.wanted if asked is not None and asked.refused else None,
            text_vector=vector,
            image_vector=image_vector,
            k_lexical=self._parts.settings.candidates_per_signal,
            k_vector=self._parts.settings.candidates_per_signal,
            hidden=rule.hidden,
        )
        return Question(request, replace(catalogue, name=catalogue.index), digest, rule, lacks, visitor, held)

    def engine_body(self, body: SearchBody) -> dict[str, Any]:
        """The search body that OpenSearch is sent for a request; raises as :meth:`answer` does."""
        question = self.question(body)
        request = question.request
        if request.is_listing:
            return listing_body(request)
        made = window_body(request, from_=0, size=request.window(question.catalogue.shards))
        if request.words is not None and readable(request.read_words or "") != request.words:
            # The clause of words holds only a part of what was typed; the pipeline is to see all of it.
            made["ext"] = {"hybridrank": {"query": request.words}}
        return made

    def _answer(self, body: SearchBody, question: Question) -> SearchOut:
        index = body.index or self._parts.settings.index
        stored = self.stored(index, body.query_id, question.digest)
        if stored is None and not question.request.is_listing:
            self._read_ahead(question.request.text or "")
        with metrics.stage("engine"):
            found = gather(self._parts.engine, question.catalogue, question.request, products=self._parts.products)
        if found.ordered:
            ranking = StoredRanking(question.digest, (), (), "listing", question.lacks, found.did_you_mean)
            first = question.request.from_
            results = [_result(hit, first + place + 1, 0.0, ranking) for place, hit in enumerate(found.hits)]
        else:
            found, ranking = self.ordered(index, question, found, stored)
            results = self._page(question, found, ranking)
            with metrics.stage("moments"):
                vector = question.request.image_vector
                results = with_moments(self._parts.engine, question.catalogue.name, vector, results)
        query_id = body.query_id or str(uuid.uuid4())
        if stored is None:
            self.log(index, query_id, question, [result.id for result in results], ranking)
        return SearchOut(
            query_id=query_id,
            took_ms=0.0,
            total=found.total,
            did_you_mean=found.did_you_mean,
            facets={name: FacetOut.of(facet) for name, facet in found.facets.items()} or None,
            degraded=ranking.degraded,
            experiment=ranking.experiment,
            results=results,
        )

    def _read_ahead(self, query: str) -> None:
        """Let the model read the query while the engine looks for its candidates."""
        try:
            if query:
                self._parts.ranker.ahead(query)
        except RankerError:
            return  # a model that cannot be loaded is told where it is needed, in `worked`

    def ordered(
        self, index: str, question: Question, found: CandidateSet, stored: StoredRanking | None = None
    ) -> tuple[CandidateSet, StoredRanking]:
        """Give a window its live signals and its order: the one that is stored, or else the ranker's."""
        found, lacks = self.signalled(index, question, found)
        return found, stored or self._rank(index, question, found, lacks)

    def signalled(self, index: str, question: Question, found: CandidateSet) -> tuple[CandidateSet, str | None]:
        """Give a window its live signals, and say what could not be had."""
        found, lacks = self._with_behaviour(index, question, found)
        if question.held:
            found, without_affinity = self._with_affinity(index, question, found)
            lacks = lacks or without_affinity
        return found, lacks

    def stored(self, index: str, query_id: str | None, digest: str) -> StoredRanking | None:
        """The order that a later page replays; ``None`` where there is none yet.

        Raises:
            Problem: it is the order of another question.
        """
        if query_id is None:
            return None
        with metrics.stage("replay"):
            stored = rankings.read(self._parts.engine, index, query_id)
        if stored is not None and stored.asked != digest:
            raise invalid("query_id", "belongs to another question; leave it out to ask a new one")
        return stored

    def _ruled(self, index: str, text: str | None, known: Rule | None) -> Future[tuple[Rule, str | None]]:
        """What :meth:`_rule` says, or will say; a rule that is ``known`` already is not asked for."""
        if known is None:
            return self._parts.beside.submit(self._rule, index, text)
        found: Future[tuple[Rule, str | None]] = Future()
        found.set_result((known, None))
        return found

    def _rule(self, index: str, text: str | None) -> tuple[Rule, str | None]:
        """What the shop decided for a query. An answer without it is worth more than none; it says so."""
        limit = self._parts.settings.behaviour_budget_ms / 1000
        try:
            with metrics.stage("merchandising"):
                return self._parts.behaviour.rules.of(index, text, timeout_s=limit), None
        except (EngineError, SecretUnusable) as error:
            without("merchandising", error)
            return NO_RULE, "merchandising"

    def _with_behaviour(self, index: str, question: Question, found: CandidateSet) -> tuple[CandidateSet, str | None]:
        """Give each candidate the signal ``behaviour``, where anything is known about it."""
        limit = self._parts.settings.behaviour_budget_ms / 1000
        ids = [hit.id for hit in found.hits]
        try:
            with metrics.stage("behaviour"):
                known = self._parts.behaviour.reader.signals(index, question.request.words, ids, timeout_s=limit)
        except (EngineError, SecretUnusable) as error:
            without("behaviour", error)
            return found, question.lacks or "behaviour"
        hits = tuple(
            replace(hit, signals={**hit.signals, "behaviour": known[hit.id]}) if hit.id in known else hit
            for hit in found.hits
        )
        return replace(found, hits=hits), question.lacks

    def _with_affinity(self, index: str, question: Question, found: CandidateSet) -> tuple[CandidateSet, str | None]:
        """Give each candidate the signals ``profile`` and ``session``, where anything is known about the visitor."""
        products = {hit.id: hit.source for hit in found.hits}
        vectors, without_vectors = self._likeness(question, found)
        known, lacks = self._parts.people.signals(question.held, index, products, vectors=vectors)
        hits = tuple(replace(hit, signals={**hit.signals, **known.get(hit.id, {})}) for hit in found.hits)
        return replace(found, hits=hits), lacks or without_vectors

    def _likeness(self, question: Question, found: CandidateSet) -> tuple[Mapping[str, Vector], str | None]:
        """The vectors by which the window is compared with what the visitor likes, and what is lacking."""
        limit = self._parts.settings.behaviour_budget_ms / 1000
        if not question.held.liked():
            return {}, None
        try:
            with metrics.stage("vectors"):
                return vectors_for(self._parts, question.catalogue, found.hits, question.held, timeout_s=limit), None
        except EngineError as error:
            without("vectors", error)
            return {}, "vectors"

    def _rank(self, index: str, question: Question, found: CandidateSet, lacks: str | None) -> StoredRanking:
        """Put the window in the model's order, or, where that cannot be, in the first stage's, and say so. Before
        somebody who is part of an experiment two rankings make the order in turn."""
        limit = self._parts.settings.behaviour_budget_ms / 1000
        candidates, without_vectors = self.candidates(question, found, timeout_s=limit)
        lacks = lacks or without_vectors
        experiment, between, without_experiment = self._experiment(index, question)
        lacks = lacks or without_experiment
        with metrics.stage("rank"):
            if between is not None:
                made = drafted(self, question, found, candidates, between=between)
            else:
                ranking = self.worked(question.request.text or "", candidates).ranking
                made = only(ranking, *self.shaped(question, ranking, found))
        if made.degraded is not None:
            metrics.DEGRADED.labels(made.degraded).inc()
        rule, there = question.rule, set(made.ids)
        return StoredRanking(
            question.digest,
            tuple(made.ids),
            tuple(made.scores),
            made.model,
            made.degraded or lacks,
            found.did_you_mean,
            tuple(item for item in rule.pinned if item in there),
            {item: boost for item, boost in rule.boosts.items() if item in there},
            experiment if made.teams else None,
            made.teams,
        )

    def _experiment(
        self, index: str, question: Question
    ) -> tuple[str | None, tuple[tuple[str, Ranker], tuple[str, Ranker]] | None, str | None]:
        """The name of the experiment that whoever asks is part of, its two systems, and what is lacking. One that
        cannot be run leaves the answer as it is without one, and it says so."""
        if question.visitor.owner is None or question.request.words is None:
            return None, None, None
        try:
            found = self._parts.experiments.of(index)
            if found is None or not found.takes(question.visitor, self._parts.behaviour.pseudonyms, index):
                return None, None, None
            ranker = self._parts.rivals.ranker
            return found.name, ((found.a, ranker(found.a)), (found.b, ranker(found.b))), None
        except (RankerError, SecretUnusable) as error:
            without("experiment", error)
            return None, None, "experiment"

    def shaped(self, question: Question, ranking: Ranking, found: CandidateSet) -> tuple[list[str], list[float]]:
        """The whole order with what follows after the ranked window, as merchandising shapes it, with its scores."""
        ids = [item.id for item in ranking.items] + [hit.id for hit in found.rest]
        scores = [item.score for item in ranking.items] + [0.0] * len(found.rest)
        rule = question.rule
        if not rule:
            return ids, scores
        absent = [item for item in rule.pinned if item not in ids]
        ids += self._listed(question, absent)
        scores += [0.0] * (len(ids) - len(scores))
        return apply(ids, scores, rule)

    def candidates(
        self, question: Question, found: CandidateSet, *, timeout_s: float | None = None
    ) -> tuple[list[Candidate], str | None]:
        """The window as the ranker takes it, and what it had to do without.

        The best of the first stage come with their text vectors: what lies below them neither gains by likeness to
        the best nor loses.
        """
        candidates = [candidate_of(hit) for hit in found.hits]
        if question.catalogue.text_encoder is None:
            return candidates, None
        best = first_stage(candidates).items[:WITH_VECTORS]
        texts = {item.id: candidates[item.position].text or "" for item in best}
        try:
            with metrics.stage("vectors"):
                vectors = self._parts.item_vectors.of(question.catalogue.name, texts, timeout_s=timeout_s)
        except EngineError as error:
            without("vectors", error)
            return candidates, "vectors"
        return [replace(item, vector=vectors.get(item.id)) for item in candidates], None

    def worked(self, query: str, candidates: Sequence[Candidate], *, ranker: Ranker | None = None) -> Workings:
        """The model's order with what it came of, or, where that cannot be, the first stage's; ``ranker`` is another
        model than the one that is served."""
        if not query:
            # A picture alone: there are no words that the cross-encoder could read.
            return Workings.without_model(first_stage(candidates))
        settings = self._parts.settings
        deadline = time.monotonic() + settings.rerank_budget_ms / 1000
        try:
            ranker = ranker or self._parts.ranker
            return ranker.work(
                query,
                candidates,
                deadline=deadline,
                depth=ranker.depth(settings.rerank_depth),
                weights=self._parts.weights.now(),
            )
        except Exception as error:  # noqa: BLE001 - whatever breaks in a model, people still get results
            log.error("the model failed: %s", type(error).__name__)
            return Workings.without_model(first_stage(candidates, degraded="model_error"))

    def _page(self, question: Question, found: CandidateSet, ranking: StoredRanking) -> list[ResultOut]:
        """The wanted part of the order: from the ranked window, and from beyond it where it reaches so far."""
        request = question.request
        first, last = request.from_, request.from_ + request.size
        inside = list(zip(ranking.ids, ranking.scores, strict=True))[first:last]
        known = {hit.id: hit for hit in (*found.hits, *found.rest)}
        known |= self._fetched(question, [name for name, _ in inside if name not in known])
        results = [
            _result(known[name], first + place + 1, score, ranking)
            for place, (name, score) in enumerate(inside)
            if name in known
        ]
        start = max(first, len(ranking.ids))
        if start < last and len(ranking.ids) >= found.window and start < found.total:
            with metrics.stage("engine"):
                # Pinned products that the window did not hold have pushed the others back by as many places.
                pushed = len(ranking.ids) - found.window
                tail = beyond(self._parts.engine, question.catalogue, request, from_=start - pushed, size=last - start)
            results += [
                _result(hit, start + place + 1, 0.0, ranking)
                for place, hit in enumerate(tail)
                if hit.id not in ranking.ids
            ]
        return results

    def _fetched(self, question: Question, ids: Sequence[str]) -> dict[str, Hit]:
        """Products of a replayed order that newer ones have pushed out of the window since."""
        if not ids or "id" in question.request.filters:
            return {}
        filters = {**question.request.filters, "id": list(ids)}
        request = replace(question.request, filters=filters, facets=(), spelling=False, from_=0)
        with metrics.stage("engine"):
            found = gather(self._parts.engine, question.catalogue, request, products=self._parts.products)
        return {hit.id: hit for hit in (*found.hits, *found.rest)} | self._pinned(question, ids, found)

    def _pinned(self, question: Question, ids: Sequence[str], found: CandidateSet) -> dict[str, Hit]:
        """Pinned products that do not match the query at all."""
        matching = {hit.id for hit in (*found.hits, *found.rest)}
        return self._browsed(question, [name for name in ids if name in question.rule.pinned and name not in matching])

    def _listed(self, question: Question, ids: Sequence[str]) -> list[str]:
        """Those products that exist and that the filters let through, in the order given."""
        there = self._browsed(question, ids)
        return [name for name in ids if name in there]

    def _browsed(self, question: Question, ids: Sequence[str]) -> dict[str, Hit]:
        if not ids or "id" in question.request.filters:
            return {}
        request = SearchRequest(
            filters={**question.request.filters, "id": list(ids)}, size=len(ids), hidden=question.request.hidden
        )
        with metrics.stage("engine"):
            return {hit.id: hit for hit in gather(self._parts.engine, question.catalogue, request).hits}

    def log(self, index: str, query_id: str, question: Question, shown: Sequence[str], ranking: StoredRanking) -> None:
        """Write the query log, and what the visitor asked. An answer is worth more than its record, so a failure is
        counted, not raised."""
        try:
            with metrics.stage("log"):
                rankings.write(
                    self._parts.engine,
                    index,
                    query_id,
                    query=question.request.text,
                    shown=shown,
                    ranking=ranking,
                    visitor=question.visitor,
                )
        except EngineError as error:
            metrics.UNLOGGED.labels(type(error).__name__).inc()
            log.warning("a query could not be logged: %s", type(error).__name__)
        if question.request.words is not None and question.visitor.owner is not None:
            self._parts.people.note_query(question.visitor, index, question.request.words, question.held)


def _result(hit: Hit, rank: int, score: float, ranking: StoredRanking) -> ResultOut:
    signals = shown_signals(hit.signals, ranking, hit.id)
    source: dict[str, Any] = dict(hit.source)
    pinned = True if hit.id in ranking.pinned else None
    return ResultOut(
        id=hit.id, rank=rank, score=round(score, rankings.DIGITS), signals=signals, source=source, pinned=pinned
    )


def shown_signals(known: Mapping[str, float], ranking: StoredRanking, item: str) -> dict[str, float]:
    """A product's signals as they are answered, what merchandising added to its score among them."""
    signals = {name: round(value, rankings.DIGITS) for name, value in known.items()}
    if item in ranking.boosts:
        signals["merchandising"] = ranking.boosts[item]
    return signals
