"""What weights are worth: the judged queries' windows, gathered once, ranked anew under each setting of the sliders."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from personal.judgments import JudgmentBook, by_query
from plugin.candidates import gather
from plugin.errors import EngineError
from ranker.errors import RankerError
from ranker.metrics import has_relevant, ndcg
from ranker.replay import Replay
from ranker.significance import Estimate, estimates
from ranker.weights import Weights

from .parts import Parts
from .schemas.search import SearchBody

MOST = 300
"""Judged queries that are held; of more, those with the smallest ids, which are as good as drawn by chance."""
READ_AHEAD = 2
"""How many times the depth are read when a window is gathered, so that small moves of a slider read nothing."""
RESAMPLES = 2000
STALE_S = 5.0
"""For how long the judgments are taken to be what they were."""


@dataclass(slots=True)
class _Judged:
    query_id: str
    query: str
    grades: dict[str, int]
    window: Replay


@dataclass(slots=True)
class _Bench:
    """The windows of one catalogue under one model and one set of judgments."""

    key: tuple[object, ...]
    total: int
    left_out: int
    queries: list[_Judged] = field(default_factory=list)
    failed: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """What weights are worth.

    Attributes:
        ready: windows that are gathered, of ``total``.
        total: judged queries with something relevant.
        left_out: judged queries without.
        pending: queries of which some candidate was not read yet, for want of time; asking again reads more.
        value: nDCG@10 with these weights.
        base: with those that are served.
        difference: of the two, query by query.
        better: queries that gain.
        worse: that lose.
        took_ms: how long it took.
        failed: why windows could not be gathered; empty where they could.
    """

    ready: int
    total: int
    left_out: int
    pending: int
    value: Estimate | None
    base: Estimate | None
    difference: Estimate | None
    better: int
    worse: int
    took_ms: float
    failed: str


class Weighing:
    """Windows of judged queries, one catalogue at a time. Thread-safe; each worker gathers its own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._measuring = threading.Lock()
        self._bench: _Bench | None = None
        self._looked = 0.0

    def measure(self, index: str, weights: Weights, *, budget_ms: float) -> Weighed:
        """Rank the windows that are gathered under ``weights``, and begin to gather what is missing.

        Args:
            index: the catalogue.
            weights: by signal.
            budget_ms: for reading what was not read yet.

        Raises:
            UnknownCatalogue, EngineError, RankerError: what the parts raise.
        """
        started = time.perf_counter()
        bench = self._current(index)
        served = self._parts.weights.now()
        with self._measuring:
            queries = list(bench.queries)
            until = time.perf_counter() + budget_ms / 1000
            for setting in (weights, served):
                for one in queries:
                    missing = one.window.missing(setting)
                    if len(missing) and time.perf_counter() < until:
                        one.window.read(missing)
            pending = sum(bool(len(one.window.missing(weights))) for one in queries)
            table = np.array([[ndcg(one.window.ranked(s), one.grades) for s in (weights, served)] for one in queries])
        value = base = difference = None
        better = worse = 0
        if len(table):
            table = np.column_stack([table, table[:, 0] - table[:, 1]])
            value, base, difference = estimates(table, resamples=RESAMPLES)
            better, worse = int((table[:, 2] > 1e-9).sum()), int((table[:, 2] < -1e-9).sum())
        took = (time.perf_counter() - started) * 1000
        return Weighed(
            len(queries),
            bench.total,
            bench.left_out,
            pending,
            value,
            base,
            difference,
            better,
            worse,
            round(took, 1),
            bench.failed,
        )

    def _current(self, index: str) -> _Bench:
        """The bench of what is judged; another one is begun where judgments, model or catalogue changed."""
        catalogue = self._parts.search.catalogue(index)
        with self._lock:
            bench = self._bench
            now = time.monotonic()
            if bench is not None and bench.key[:2] == (index, catalogue.index) and now - self._looked < STALE_S:
                return bench
            rows = JudgmentBook(self._parts.engine).all(index)
            self._looked = now
            key = (index, catalogue.index, self._parts.ranker.name, hash(tuple(rows)))
            if bench is not None and bench.key == key and not bench.failed:
                return bench
            texts, grades = by_query(rows)
            useful = [name for name in sorted(texts) if has_relevant(grades[name])]
            bench = self._bench = _Bench(key, min(len(useful), MOST), len(texts) - len(useful))
            wanted = [(name, texts[name], grades[name]) for name in useful[:MOST]]
        threading.Thread(target=self._gather, args=(bench, index, wanted), name="weighing", daemon=True).start()
        return bench

    def _gather(self, bench: _Bench, index: str, wanted: Sequence[tuple[str, str, dict[str, int]]]) -> None:
        here = self._parts
        ranker = here.ranker
        depth = ranker.depth(here.settings.rerank_depth)
        try:
            for name, text, grades in wanted:
                if self._bench is not bench:
                    return
                question = here.search.question(SearchBody(query=text, index=index, size=1))
                found = gather(here.engine, question.catalogue, question.request)
                found, _ = here.search.signalled(index, question, found)
                candidates, _ = here.search.candidates(question, found)
                if not candidates:
                    bench.total -= 1
                    bench.left_out += 1
                    continue
                window = Replay(ranker, question.request.text or "", candidates, depth)
                window.read(window.chosen(here.weights.now(), depth=READ_AHEAD * depth))
                bench.queries.append(_Judged(name, text, grades, window))
        except (EngineError, RankerError, OSError) as error:
            bench.failed = type(error).__name__
        finally:
            bench.done = True
