"""The questions of OpenSearch's own pipeline. None searches the catalogue: the pipeline brings the window."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

from indexer.checking import text_digest
from personal.merchandising import Rule
from personal.visitor import NOBODY, Visitor
from plugin import lexical
from plugin.candidates import CandidateSet, read_hits, union
from plugin.catalogue import Catalogue
from plugin.document import OWN, PASSAGE_CHARS, TEXT_SHA, TEXT_VECTOR, passage
from plugin.inside import NOT_READ, inside_body
from plugin.names import parse_physical
from plugin.ordinary import NotOrdinary, Ordinary, read_ordinary
from plugin.query import SearchRequest

from . import metrics, rankings
from .parts import Parts
from .problems import Problem, invalid
from .schemas.inside import (
    PlacedOut,
    PluginDocumentsBody,
    PluginDocumentsOut,
    PluginQueryBody,
    PluginQueryOut,
    PluginRankBody,
    PluginRankOut,
)
from .search import SearchService, shown_signals
from .tickets import Tickets

log = logging.getLogger("hybridrank.service")

TEXT_CHARS = 4 * PASSAGE_CHARS
"""Of each text of a product that is sent along: a passage folds spaces, so a little more than it keeps."""


REASONS = frozenset({"no_text", "several_texts", "operators", "long_text", "not_a_catalogue", "minimum_should_match"})
"""Reasons that are counted by name; the others name a kind of query, which strangers choose."""


class Inside:
    """Answers the pipeline. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._search: SearchService = parts.search

    def query(self, body: PluginQueryBody, visitor: Visitor = NOBODY) -> PluginQueryOut:
        """Say what to put in place of an ordinary query, and give the ticket for its window.

        Raises:
            Problem: ``query_id`` is of another question.
            EncoderMismatch: the index was written with another encoder.
            EngineError: the engine does not answer.
        """
        try:
            return self._query(body, visitor)
        except NotOrdinary as left:
            metrics.LEFT.labels(left.reason if left.reason in REASONS else "kind_of_query").inc()
            return PluginQueryOut(rewrite=False, reason=left.reason)

    def _query(self, body: PluginQueryBody, visitor: Visitor) -> PluginQueryOut:
        catalogue = self._catalogue(body.index)
        if catalogue is None:
            raise NotOrdinary("not_a_catalogue")
        ordinary = read_ordinary(body.query, body.post_filter, text=body.text)
        if len(ordinary.text) > self._parts.settings.max_query_chars:
            raise NotOrdinary("long_text")
        asked = SearchRequest(text=ordinary.text, clauses=ordinary.filters, spelling=False)
        question = self._search.completed(catalogue, asked, _digest(catalogue, ordinary))
        stored = self._search.stored(catalogue.name, body.query_id, _of_visitor(question.digest, visitor))
        bring = dict.fromkeys(question.rule.pinned)
        if stored is not None:
            bring |= dict.fromkeys(stored.ids[body.from_ : body.from_ + body.size])
        made = inside_body(catalogue, question.request, ordinary, bring=list(bring), from_=body.from_, size=body.size)
        ticket: dict[str, Any] = {
            "catalogue": catalogue.name,
            "index": catalogue.index,
            "text": ordinary.text,
            "digest": question.digest,
            "window": made.window,
            "pinned": dict(question.rule.pinned),
            "boosts": dict(question.rule.boosts),
            "lacks": question.lacks,
        }
        return PluginQueryOut(
            rewrite=True,
            ticket=self._tickets.seal(ticket) if made.window else None,
            body=made.body,
            search_type=made.search_type,
            stock=made.stock,
            names=list(made.names),
            scores=[*question.request.vectors, lexical.NAME],
            window=made.window,
            not_read=list(NOT_READ),
            text_chars=TEXT_CHARS,
        )

    def rank(self, body: PluginRankBody, visitor: Visitor = NOBODY, *, lacks: str | None = None) -> PluginRankOut:
        """Give the wanted page of a window its order, and log the query.

        Raises:
            Problem: the ticket or ``query_id`` does not fit, or the catalogue has been rebuilt in between.
        """
        ticket = self._tickets.open(body.ticket)
        catalogue = self._catalogue(ticket["index"])
        if catalogue is None:
            raise Problem(409, "catalogue-moved", "The catalogue was rebuilt while the query ran; ask again.")
        given = [{"_id": hit.id, "_source": hit.source, "matched_queries": hit.scores} for hit in body.hits]
        places = {hit.id: place for place, hit in enumerate(body.hits)}
        rule = Rule({item: place for item, place in ticket["pinned"].items() if item in places}, (), ticket["boosts"])
        asked = SearchRequest(text=ticket["text"], spelling=False)
        lacks = lacks or ticket["lacks"]
        digest = _of_visitor(ticket["digest"], visitor)
        question = self._search.completed(catalogue, asked, digest, rule, visitor=visitor, lacks=lacks)
        hits, rest = union(read_hits(given[: ticket["window"]], question.request), question.request)
        found = CandidateSet(hits, rest, total=len(given), window=ticket["window"])
        stored = self._search.stored(catalogue.name, body.query_id, question.digest)
        found, ranking = self._search.ordered(catalogue.name, question, found, stored)
        order = list(zip(ranking.ids, ranking.scores, strict=True))
        known = set(ranking.ids)
        order += [(hit.id, 0.0) for hit in body.hits[ticket["window"] :] if hit.id not in known]
        wanted = order[body.from_ : body.from_ + body.size]
        signals = {hit.id: hit.signals for hit in (*found.hits, *found.rest)} if body.signals else {}
        page = [
            PlacedOut(
                hit=places[item],
                score=round(score, 6),
                signals=shown_signals(signals.get(item, {}), ranking, item) if body.signals else None,
            )
            for item, score in wanted
            if item in places
        ]
        query_id = body.query_id or body.fresh_id or str(uuid.uuid4())
        if stored is None:
            shown = [body.hits[placed.hit].id for placed in page]
            self._search.log(catalogue.name, query_id, question, shown, ranking)
        return PluginRankOut(
            query_id=query_id,
            model=ranking.model,
            degraded=ranking.degraded,
            places=len(order),
            replayed=True if stored is not None else None,
            gone=len(wanted) - len(page),
            page=page,
        )

    def documents(self, body: PluginDocumentsBody) -> PluginDocumentsOut:
        """Give documents their vectors, as ``hybridrank index`` does.

        Raises:
            UnknownCatalogue: they go somewhere else.
            Problem: the catalogue has no vectors of texts.
            EncoderMismatch: the index was written with another encoder.
        """
        physical = parse_physical(body.index)
        catalogue = self._search.catalogue(body.index if physical is None else physical.catalogue)
        vectors = self._parts.encoders.of(catalogue)
        if vectors is None:
            raise invalid("index", "this catalogue was made without vectors of texts")
        texts = [passage(product) for product in body.products]
        readable = [text for text in texts if text]
        made: Iterator[list[float]] = iter(())
        if readable:
            with metrics.stage("encode"):
                made = iter(vectors.encoder.encode(readable, role="document").tolist())
        return PluginDocumentsOut(
            documents=[
                {TEXT_VECTOR: next(made), f"{OWN}.{TEXT_SHA}": text_digest(text)} if text else {} for text in texts
            ]
        )

    @property
    def _tickets(self) -> Tickets:
        return Tickets(self._parts.behaviour.pseudonyms)

    def _catalogue(self, index: str) -> Catalogue | None:
        """The catalogue whose live generation an index is; ``None`` where it is none."""
        physical = parse_physical(index)
        if physical is None:
            return None
        found = self._search.catalogue(physical.catalogue)
        if found.index != index:
            found = self._search.catalogue(physical.catalogue, again=True)
        return found if found.index == index else None


def _of_visitor(digest: str, visitor: Visitor) -> str:
    """Of the question as somebody asks it: an order that was made for them is theirs alone."""
    return digest if visitor.owner is None else rankings.asked("", digest, None, None, visitor.owner)


def _digest(catalogue: Catalogue, ordinary: Ordinary) -> str:
    """Of the question: its text and filters, without page and size."""
    filters = {"clauses": list(ordinary.filters), "post_filter": ordinary.post_filter, "stock": ordinary.stock}
    return rankings.asked(catalogue.name, ordinary.text, filters, None)
