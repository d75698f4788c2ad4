"""Two models on the same judged queries: how good, and how fast, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plugin.candidates import gather
from ranker.candidate import Candidate
from ranker.metrics import ndcg
from ranker.model import Ranker
from ranker.significance import Estimate, estimates
from ranker.weights import Weights

from ..parts import Parts
from ..report import Judged
from ..schemas.search import SearchBody

ROUNDS = 3
"""How often both rank each window when they are timed, in turn; the first is not counted, and in the others the query
is a new one, so that what can be kept of products is, and nothing of queries: a search as it is served."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate beside what is live.

    Attributes:
        queries: that were judged.
        live: nDCG@10.
        candidate: likewise.
        difference: candidate less live, query by query.
        speed: the candidate's time for a window over that of what is live, median of the queries' ratios.
    """

    queries: int
    live: Estimate
    candidate: Estimate
    difference: Estimate
    speed: float


def windows(parts: Parts, index: str, judged: Judged) -> dict[str, tuple[str, list[Candidate]]]:
    """(what was typed, candidates) by query id, as ``/v1/search`` gathers them for nobody; raises as it does."""
    found: dict[str, tuple[str, list[Candidate]]] = {}
    for name, text in judged.texts.items():
        question = parts.search.question(SearchBody(query=text, index=index, size=1))
        hits = gather(parts.engine, question.catalogue, question.request)
        candidates, _ = parts.search.candidates(question, hits)
        found[name] = (question.request.text or "", candidates)
    return found


def compared(
    parts: Parts, index: str, judged: Judged, *, live: Path, candidate: Path, say: Callable[[str], None]
) -> Compared:
    """Rank every judged query's window by both models.

    Raises:
        ModelError: one of them cannot be loaded.
        UnknownCatalogue, EngineError, EncoderError: what the parts raise.
    """
    rankers = [Ranker(folder, threads=1) for folder in (live, candidate)]
    for ranker in rankers:
        ranker.warm_up()
    asked, weights = parts.settings.rerank_depth, parts.weights.now()
    values: list[list[float]] = []
    ratios: list[float] = []
    gathered = windows(parts, index, judged)
    for number, (name, (text, candidates)) in enumerate(gathered.items(), 1):
        spent = np.zeros((ROUNDS, 2))
        row = []
        for turn in range(ROUNDS):
            for column, ranker in enumerate(rankers):
                before = time.perf_counter()
                order = _order(ranker, f"{text} {turn}" if turn else text, candidates, asked, weights)
                spent[turn, column] = time.perf_counter() - before
                if turn == 0:
                    row.append(ndcg(order, judged.grades[name]))
        values.append(row)
        ratios.append(float(spent[1:, 1].min() / max(spent[1:, 0].min(), 1e-9)))
        if number % 25 == 0:
            say(f"measured {number} of {len(gathered)} judged queries")
    table = np.array(values)
    first, second, difference = estimates(np.column_stack([table, table[:, 1] - table[:, 0]]))
    return Compared(len(table), first, second, difference, float(np.median(ratios)))


def values_of(parts: Parts, index: str, judged: Judged, folders: Sequence[Path]) -> list[float]:
    """Mean nDCG@10 of each model on the same windows, gathered now; raises as :func:`compared` does."""
    asked, weights = parts.settings.rerank_depth, parts.weights.now()
    rankers = [Ranker(folder, threads=1, remembered=0) for folder in folders]
    gathered = windows(parts, index, judged)
    return [
        float(
            np.mean(
                [
                    ndcg(
                        _order(ranker, text, candidates, asked, weights),
                        judged.grades[name],
                    )
                    for name, (text, candidates) in gathered.items()
                ]
            )
        )
        for ranker in rankers
    ]


def _order(
    ranker: Ranker, text: str, candidates: Sequence[Candidate], asked: int | None, weights: Weights
) -> list[str]:
    ranking = ranker.rank(text, candidates, depth=ranker.depth(asked), weights=weights)
    return [item.id for item in ranking.items]
