"""The served ranker: two ONNX graphs, no torch.

``pair.onnx`` reads (query, passage) and gives a vector; ``head.onnx`` turns vectors and live signals into logits.
Only the vector depends on text alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from .asked import read as asked_of
from .candidate import Candidate, Ranking, Scored
from .errors import ModelError
from .feedback import gains as gains_of
from .folder import DEFAULT_MODEL, read_config
from .fusion import ordered
from .reading import Apart, Read, Reader, Readers, Together
from .remembered import Readings
from .signals import features
from .tokens import PairBatch, PairTokenizer
from .weights import Weights, lifts

NO_WEIGHTS: Weights = MappingProxyType({})
SLOWER = ["SkipLayerNormFusion"]
"""What ONNX Runtime must not do with a graph: its one operator takes six times as long as the two that it replaces."""
SQUEEZE = 0.999
"""The share of the lowest read score below which the scores of what was not read lie."""


class Ranker:
    """Ranks windows with a model folder. Thread-safe; sessions are made at first use, so after a fork.

    Args:
        folder: a model folder; ``None`` is the one that ships with hybridrank.
        threads: how many batches of one query are read side by side, each by one thread: the matrices of a batch are
            too small to be worth sharing.
        remembered: bytes of readings that are kept for when the same is asked again: 3 KB a pair or, of a model that
            reads each text alone, about 25 KB a passage.

    Raises:
        ModelError: the folder is not one of ours, or is damaged.
    """

    def __init__(self, folder: Path | None = None, *, threads: int = 2, remembered: int = 48 * 2**20) -> None:
        self.folder = folder or DEFAULT_MODEL
        self.config = read_config(self.folder)
        self._threads = threads
        self._remembered = remembered
        self._making = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name, with the first digits of its digest."""
        return f"{self.config.name}@{self.config.digests['pair.onnx'][:8]}"

    def depth(self, asked: int | None) -> int:
        """How many of a window's best to read: what is asked for, else what the model says pays."""
        return asked or self.config.depth

    @cached_property
    def _tokenizer(self) -> PairTokenizer:
        return PairTokenizer.of(self.folder, self.config)

    @cached_property
    def _pair(self) -> ort.InferenceSession:
        return self._session("pair.onnx")

    @cached_property
    def _head(self) -> ort.InferenceSession:
        return self._session("head.onnx")

    @cached_property
    def _reader(self) -> Reader:
        readers, outputs = Readers(self._threads), self.config.outputs
        if self.config.late_interaction:
            return Apart(self._run, self._tokenizer, readers, outputs, Readings(self._remembered))
        return Together(self._run, self._tokenizer, readers, outputs, Readings(self._remembered))

    def _session(self, name: str) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            return ort.InferenceSession(
                str(self.folder / name), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER
            )
        except Exception as error:
            raise ModelError(f"model: {self.folder / name} cannot be loaded: {error}") from error

    def warm_up(self) -> None:
        """Load everything and run it once."""
        with self._making:
            self.rank("warm up", [Candidate("a", "one text", {}), Candidate("b", "another text", {})])

    def ahead(self, query: str) -> None:
        """Begin to read a query whose candidates are about to come, as far as this model can."""
        self._reader.ahead(asked_of(query).wanted)

    def pair_vectors(self, query: str, passages: Sequence[str], *, deadline: float | None = None) -> Read:
        """Read passages until the deadline.

        Args:
            deadline: on :func:`time.monotonic`'s clock; ``None`` reads all.

        Returns:
            vectors (len(passages), outputs), and which rows were read.
        """
        return self._reader.passages(query, passages, deadline)

    def read_pairs(
        self, queries: Sequence[str], passages: Sequence[str], *, pause: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Read pairs in the caller's own thread, a few at a time, without remembering them: what an explanation reads
        takes no reader and no room from searches, and may stand aside for them.

        Args:
            queries: as they are read, refusals taken out.
            passages: one a query.
            pause: called before each few.

        Returns:
            vectors (pairs, outputs).
        """
        return self._reader.pairs(queries, passages, pause)

    def read_batch(self, batch: PairBatch) -> NDArray[np.float32]:
        """Vectors of pairs that are laid out, shape (pairs, outputs)."""
        return self._run(batch)[0]

    def _run(self, batch: PairBatch) -> Sequence[NDArray[np.float32]]:
        feed = {"ids": batch.ids, "positions": batch.positions, "segments": batch.segments}
        result: Sequence[NDArray[np.float32]] = self._pair.run(None, feed)
        return result

    def logits(
        self, vectors: NDArray[np.float32], known_text: NDArray[np.bool_], matrix: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Run the head: vectors (items, outputs), known_text (items,), features (items, features) -> (items,)."""
        feed = {"vector": vectors, "known_text": known_text.astype(np.float32)[:, None], "features": matrix}
        result: NDArray[np.float32] = self._head.run(None, feed)[0][:, 0]
        return result

    def rank(
        self,
        query: str,
        candidates: Sequence[Candidate],
        *,
        deadline: float | None = None,
        depth: int | None = None,
        weights: Weights = NO_WEIGHTS,
    ) -> Ranking:
        """Rank one window.

        The head scores the whole window by its signals and by likeness to the best (``ranker.feedback``); the ``depth``
        best of that order are read and scored again with the reading, the rest follow. When the deadline passes before
        all of them are read, only those above the first that was not read count as read, as with a smaller ``depth``,
        and ``degraded`` says ``"budget"``; it may be none, which leaves the order by the signals.

        Args:
            deadline: on :func:`time.monotonic`'s clock.
            depth: how many candidates to read; ``None`` reads all.
            weights: what the shop adds to a signal by hand; see ``ranker.weights``.

        Returns:
            every candidate once. Scores of read candidates are in 0..1 (sigmoid of the logit); the tail's lie below
            the lowest of them.
        """
        return self.work(query, candidates, deadline=deadline, depth=depth, weights=weights).ranking

    def work(
        self,
        query: str,
        candidates: Sequence[Candidate],
        *,
        deadline: float | None = None,
        depth: int | None = None,
        weights: Weights = NO_WEIGHTS,
    ) -> Workings:
        """Rank one window as :meth:`rank` does, and keep what the order came of."""
        if not candidates:
            return Workings.without_model(Ranking((), self.name, None, 0))
        matrix = features(query, candidates)
        nothing = np.zeros((len(candidates), self.config.outputs), np.float32)
        unread = self.logits(nothing, np.zeros(len(candidates), bool), matrix).astype(np.float64)
        gains = gains_of(unread, candidates)
        lifted = lifts(candidates, weights)
        moved = gains + lifted.sum(axis=1)
        base = ordered(candidates, sigmoid(unread + moved))
        chosen = [item.position for item in base[: depth or len(candidates)]]
        texts = [candidates[place].text for place in chosen]
        known = np.array([text is not None for text in texts])
        read = self.pair_vectors(asked_of(query).wanted, [text or "" for text in texts], deadline=deadline)
        late = not read.done.all()
        count = int(np.argmin(read.done)) if late else len(chosen)
        chosen, vectors = chosen[:count], read.vectors[:count]
        scores = sigmoid(self.logits(vectors, known[:count], matrix[chosen]).astype(np.float64) + moved[chosen])
        if not np.isfinite(scores).all():
            raise ModelError(f"model: {self.name} gave a score that is no number")
        head = [
            Scored(item.id, chosen[item.position], item.score)
            for item in ordered([candidates[place] for place in chosen], scores)
        ]
        # The tail keeps its order, squeezed below the lowest score of those that were read.
        lowest = head[-1].score if head else 1.0
        tail = [Scored(item.id, item.position, lowest * item.score * SQUEEZE) for item in base[len(chosen) :]]
        ranking = Ranking((*head, *tail), self.name, "budget" if late else None, len(chosen))
        return Workings(ranking, matrix, unread, gains, lifted, tuple(chosen), vectors)


@dataclass(frozen=True, slots=True)
class Workings:
    """A ranking with what it came of.

    Attributes:
        ranking: the order.
        matrix: features, shape (items, features).
        unread: logits before anything was read, shape (items,).
        gains: what each gained by likeness to the best, shape (items,).
        lifts: what the shop's own weights add, shape (items, signals), in the order of ``ranker.candidate.SIGNALS``.
        chosen: positions of those that were read; empty where none could be in time.
        vectors: what the reading gave, one row a chosen item.
    """

    ranking: Ranking
    matrix: NDArray[np.float32]
    unread: NDArray[np.float64]
    gains: NDArray[np.float64]
    lifts: NDArray[np.float64]
    chosen: tuple[int, ...]
    vectors: NDArray[np.float32]

    @classmethod
    def without_model(cls, ranking: Ranking) -> Workings:
        """Of an order that no model made."""
        nothing = np.zeros((0, 0), np.float32)
        return cls(ranking, nothing, np.zeros(0), np.zeros(0), np.zeros((0, 0)), (), nothing)


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits to chances, 0..1."""
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-logits))
    return result
