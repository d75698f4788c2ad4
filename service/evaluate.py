"""Evaluation: run systems over judged queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from plugin import stock
from plugin.candidates import gather
from plugin.catalogue import Catalogue, lookup
from plugin.errors import InvalidQuery
from ranker.metrics import DEPTH
from ranker.model import Ranker

from .parts import Parts
from .report import COMPARED, MOVED, Answer, Judged, Report, System, compared, measured
from .schemas.search import SearchBody

OnQuery = Callable[[str, int], None]
"""Called after each query with the system's name and how many queries it has answered."""


def evaluate(
    parts: Parts,
    index: str,
    judged: Judged,
    systems: Sequence[System],
    *,
    compare: Sequence[tuple[System, System]] = (),
    budget_ms: float | None = None,
    seed: int = 0,
    listed: int = MOVED,
    on_query: OnQuery | None = None,
) -> Report:
    """Run each system over every query and measure it.

    Args:
        parts: engine, encoders and ranker.
        index: the catalogue.
        judged: the queries.
        systems: which; those of ``compare`` are added.
        compare: pairs of systems.
        budget_ms: of the model for one query; ``None`` lets it read to its end, so that a busy machine does not move
            the figures.
        seed: of shuffles and resamples.
        listed: how many of the queries that moved most each comparison names.
        on_query: told after each query.

    Raises:
        UnknownCatalogue: no such index.
        InvalidQuery: a system asks for vectors that the catalogue does not have.
        EngineError, EncoderError, RankerError: what the parts raise; nothing is measured around a failure.
    """
    report = Report(judged)
    catalogue = lookup(parts.engine, index)
    wanted = dict.fromkeys([*systems, *(name for pair in compare for name in pair)])
    runs = {name: runner(parts, catalogue, name, budget_ms) for name in wanted}
    for name, run in runs.items():
        answers: dict[str, Answer] = {}
        for query_id, text in judged.texts.items():
            answers[query_id] = run(text)
            if on_query is not None:
                on_query(name, len(answers))
        report.systems[name] = measured(answers, judged, seed)
    for first, second in compare:
        report.comparisons[first, second] = [
            compared(metric, first, second, report, seed, listed=listed) for metric in COMPARED
        ]
    return report


def runner(parts: Parts, catalogue: Catalogue, system: System, budget_ms: float | None) -> Callable[[str], Answer]:
    """What answers a query's text as a system does.

    Raises:
        InvalidQuery: the catalogue has not what the system needs.
    """
    if system == "image_vector" and catalogue.image_encoder is None:
        raise InvalidQuery("system", f"image_vector: catalogue {catalogue.name!r} has no image vectors")
    if system == "ranked":
        return partial(ranked, parts, catalogue.name, budget_ms=budget_ms)
    if system not in {"bm25", "image_vector"} and catalogue.text_encoder is None:
        raise InvalidQuery("system", f"{system}: catalogue {catalogue.name!r} has no text vectors; index it with them")
    return partial(_stock, parts, catalogue, system)


def _stock(parts: Parts, catalogue: Catalogue, system: stock.System, text: str) -> Answer:
    vectors = None if system in {"bm25", "image_vector"} else parts.encoders.of(catalogue)
    space = parts.encoders.images_of(catalogue) if system == "image_vector" else None
    found = stock.search_ids(
        parts.engine,
        catalogue.name,
        system,
        text=None if system in {"text_vector", "image_vector"} else text,
        text_vector=None if vectors is None else vectors.of(text),
        image_vector=None if space is None else space.texts.of(text),
        size=DEPTH,
    )
    return Answer(tuple(item for item, _ in found))


def ranked(
    parts: Parts, index: str, text: str, *, budget_ms: float | None = None, ranker: Ranker | None = None
) -> Answer:
    """The order of ``/v1/search``, without its query log, and without its way around a model that fails; by another
    ``ranker`` than the one that is served where one is given."""
    question = parts.search.question(SearchBody(query=text, index=index, size=DEPTH))
    found = gather(parts.engine, question.catalogue, question.request)
    candidates, lacks = parts.search.candidates(question, found)
    deadline = None if budget_ms is None else time.monotonic() + budget_ms / 1000
    ranker = ranker or parts.ranker
    ranking = ranker.rank(
        question.request.text or "",
        candidates,
        deadline=deadline,
        depth=ranker.depth(parts.settings.rerank_depth),
        weights=parts.weights.now(),
    )
    ids = [item.id for item in ranking.items] + [hit.id for hit in found.rest]
    return Answer(tuple(ids[:DEPTH]), ranking.degraded or lacks)
