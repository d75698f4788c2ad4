"""How a served model reads: query and passage together, or each text alone and then their tokens side by side.

Where no layer looks across (``late_interaction`` of a model's ``config.json``; ColBERT: Khattab and Zaharia, SIGIR
2020), what the transformer makes of a passage does not depend on the query. So it is kept, and a new query costs its
own few tokens and one matrix product.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .remembered import Readings
from .tokens import PairBatch, PairTokenizer, lay_out
from .tokenstates import TextState, matched, states_of

BATCH = 8
"""Texts in one run of the graph: large enough to be quick, small enough to look at the clock in between."""
AHEAD = 32
"""Queries that are read ahead of their passages at most; of more the oldest are read once more when theirs come."""
FEW = 4
"""Pairs that an explanation reads before it looks whether somebody else is waiting."""

Graph = Callable[[PairBatch], Sequence[NDArray[np.float32]]]
"""Runs ``pair.onnx``; all its outputs."""
Part = TypeVar("Part")
Result = TypeVar("Result")
Vectors = Readings[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Read:
    """Vectors of passages, shape (passages, outputs), and which of them were read in time, shape (passages,)."""

    vectors: NDArray[np.float32]
    done: NDArray[np.bool_]


class Reader(Protocol):
    """One way to read. Thread-safe."""

    def ahead(self, query: str) -> None:
        """Begin with what does not depend on the passages, which are about to come."""
        ...

    def passages(self, query: str, passages: Sequence[str], deadline: float | None) -> Read:
        """Read passages until the deadline, on :func:`time.monotonic`'s clock; ``None`` reads all."""
        ...

    def pairs(self, queries: Sequence[str], passages: Sequence[str], pause: Callable[[], None]) -> NDArray[np.float32]:
        """Read pairs in the caller's own thread, without remembering them; ``pause`` is called before each few."""
        ...


class Readers:
    """Threads that share the batches of one query.

    Args:
        count: how many; the matrices of a batch are too small to be worth sharing.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="pair")

    def size(self, texts: int) -> int:
        """Of a batch: a short list is divided among all; a long one leaves time to look at the clock."""
        return max(1, min(BATCH, math.ceil(texts / self.count)))

    def share(self, batches: Sequence[Part], work: Callable[[Part], None], deadline: float | None) -> None:
        """Work on all of them, but for those that could not be done by the deadline."""

        def some(start: int) -> None:
            slowest = 0.0
            for batch in batches[start :: self.count]:
                now = time.monotonic()
                if deadline is not None and now + slowest > deadline:
                    return
                work(batch)
                slowest = max(slowest, time.monotonic() - now)

        for done in [self._pool.submit(some, start) for start in range(min(self.count, len(batches)))]:
            done.result()

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Begin with one piece of work."""
        return self._pool.submit(work)


class Together:
    """Reads query and passage as one."""

    def __init__(
        self,
        graph: Graph,
        tokenizer: PairTokenizer,
        readers: Readers,
        outputs: int,
        remembered: Vectors,
    ) -> None:
        self._graph, self._tokenizer, self._readers = graph, tokenizer, readers
        self._outputs, self._remembered = outputs, remembered

    def ahead(self, query: str) -> None:
        """Nothing can be read of a query alone."""

    def passages(self, query: str, passages: Sequence[str], deadline: float | None) -> Read:
        """As :class:`Reader` says."""
        vectors = np.zeros((len(passages), self._outputs), np.float32)
        done = np.zeros(len(passages), bool)
        keys = [Readings.key(query, passage) for passage in passages]
        for row, key in enumerate(keys):
            if (known := self._remembered.get(key)) is not None:
                vectors[row], done[row] = known, True
        missing = np.flatnonzero(~done)
        if not len(missing):
            return Read(vectors, done)
        size = self._readers.size(len(missing))
        # Longest first, so that no long batch is left for the end when the other readers have nothing more to do.
        batches = self._tokenizer.batches(query, [passages[int(row)] for row in missing], size=size)[::-1]

        def read(batch: PairBatch) -> None:
            rows = missing[batch.rows]
            vectors[rows] = self._graph(batch)[0]
            done[rows] = True

        self._readers.share(batches, read, deadline)
        for row in missing[done[missing]]:
            self._remembered.put(keys[row], vectors[row].copy())
        return Read(vectors, done)

    def pairs(self, queries: Sequence[str], passages: Sequence[str], pause: Callable[[], None]) -> NDArray[np.float32]:
        """As :class:`Reader` says."""
        done = []
        for start in range(0, len(queries), FEW):
            pause()
            asked = self._tokenizer.segment_ids(queries[start : start + FEW], self._tokenizer.query_tokens)
            texts = self._tokenizer.segment_ids(passages[start : start + FEW], self._tokenizer.passage_tokens)
            done.append(self._graph(lay_out(asked, texts, range(len(asked))))[0])
        return np.concatenate(done) if done else np.zeros((0, self._outputs), np.float32)


class Apart:
    """Reads each text alone and keeps what it made of passages."""

    def __init__(
        self, graph: Graph, tokenizer: PairTokenizer, readers: Readers, outputs: int, remembered: Readings[TextState]
    ) -> None:
        self._graph, self._tokenizer, self._readers = graph, tokenizer, readers
        self._outputs, self._remembered = outputs, remembered
        self._begun: OrderedDict[bytes, Future[TextState]] = OrderedDict()
        self._lock = threading.Lock()

    def ahead(self, query: str) -> None:
        """As :class:`Reader` says: the query is read while its passages are looked for."""
        self._begin(_key_of(query), query)

    def _begin(self, key: bytes, query: str) -> Future[TextState]:
        """What is read, or will be, of a query."""
        with self._lock:
            if (begun := self._begun.get(key)) is not None:
                return begun
            if (known := self._remembered.get(key)) is not None:
                begun = Future()
                begun.set_result(known)
                return begun
            begun = self._begun[key] = self._readers.begin(lambda: self._query(query))
            if len(self._begun) > AHEAD:
                self._begun.popitem(last=False)
            return begun

    def passages(self, query: str, passages: Sequence[str], deadline: float | None) -> Read:
        """As :class:`Reader` says."""
        key = _key_of(query)
        begun = self._begin(key, query)
        keys = [Readings.key(passage) for passage in passages]
        found: list[TextState | None] = [self._remembered.get(key) for key in keys]
        missing = [row for row, state in enumerate(found) if state is None]
        ids = self._tokenizer.segment_ids([passages[row] for row in missing], self._tokenizer.passage_tokens)
        order = sorted(range(len(ids)), key=lambda number: -len(ids[number]))
        size = self._readers.size(len(missing))

        def read(batch: Sequence[int]) -> None:
            for number, state in zip(batch, self._states([ids[number] for number in batch]), strict=True):
                found[missing[number]] = state

        self._readers.share([order[start : start + size] for start in range(0, len(order), size)], read, deadline)
        for row in missing:
            if (new := found[row]) is not None:
                self._remembered.put(keys[row], new)
        vectors = np.zeros((len(passages), self._outputs), np.float32)
        asked = self._asked(key, begun, deadline)
        if asked is None:
            return Read(vectors, np.zeros(len(passages), bool))
        done = np.array([state is not None for state in found], bool)
        vectors[done] = matched(asked, [state for state in found if state is not None])
        return Read(vectors, done)

    def _asked(self, key: bytes, begun: Future[TextState], deadline: float | None) -> TextState | None:
        """What was read of a query; ``None`` where it is not read by the deadline."""
        try:
            state = begun.result(None if deadline is None else max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            return None
        finally:
            with self._lock:
                self._begun.pop(key, None)
        self._remembered.put(key, state)
        return state

    def _query(self, query: str) -> TextState:
        return self._states(self._tokenizer.segment_ids([query], self._tokenizer.query_tokens))[0]

    def pairs(self, queries: Sequence[str], passages: Sequence[str], pause: Callable[[], None]) -> NDArray[np.float32]:
        """As :class:`Reader` says."""
        known: dict[tuple[int, str], TextState] = {}
        done = []
        for start in range(0, len(queries), FEW):
            pause()
            asked, texts = queries[start : start + FEW], passages[start : start + FEW]
            self._learn(known, self._tokenizer.query_tokens, asked)
            self._learn(known, self._tokenizer.passage_tokens, texts)
            done += [
                matched(known[self._tokenizer.query_tokens, query], [known[self._tokenizer.passage_tokens, passage]])
                for query, passage in zip(asked, texts, strict=True)
            ]
        return np.concatenate(done) if done else np.zeros((0, self._outputs), np.float32)

    def _learn(self, known: dict[tuple[int, str], TextState], limit: int, texts: Iterable[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if (limit, text) not in known]
        if new:
            states = self._states(self._tokenizer.segment_ids(new, limit))
            known.update(zip(((limit, text) for text in new), states, strict=True))

    def _states(self, ids: Sequence[Sequence[int]]) -> list[TextState]:
        batch = lay_out([()] * len(ids), ids, range(len(ids)))
        _, states, weights = self._graph(batch)
        return states_of(states, weights, [len(one) for one in ids])


def _key_of(query: str) -> bytes:
    """Of a text as a query: it may be cut elsewhere than the same text as a passage."""
    return Readings.key("query", query)
