"""The served ranker: two ONNX graphs, no torch.

``pair.onnx`` reads (query, passage) and gives a vector; ``head.onnx`` turns vectors and live signals into logits.
Only the vector depends on text alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from .candidate import Candidate, Ranking, Scored
from .errors import ModelError
from .folder import DEFAULT_MODEL, read_config
from .fusion import first_stage, ordered
from .signals import features
from .tokens import PairBatch, PairTokenizer

BATCH = 8
"""Pairs in one run of the graph: large enough to be quick, small enough to look at the clock in between."""


class Ranker:
    """Ranks windows with a model folder. Thread-safe; sessions are made at first use, so after a fork.

    Args:
        folder: a model folder; ``None`` is the one that ships with hybridrank.
        threads: how many batches of one query are read side by side, each by one thread: the matrices of a batch are
            too small to be worth sharing.

    Raises:
        ModelError: the folder is not one of ours, or is damaged.
    """

    def __init__(self, folder: Path | None = None, *, threads: int = 2) -> None:
        self.folder = folder or DEFAULT_MODEL
        self.config = read_config(self.folder)
        self._threads = threads
        self._making = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name, with the first digits of its digest."""
        return f"{self.config.name}@{self.config.digests['pair.onnx'][:8]}"

    @cached_property
    def _tokenizer(self) -> PairTokenizer:
        return PairTokenizer(
            self.folder / "tokenizer.json",
            query_tokens=self.config.query_tokens,
            passage_tokens=self.config.passage_tokens,
        )

    @cached_property
    def _pair(self) -> ort.InferenceSession:
        return self._session("pair.onnx")

    @cached_property
    def _head(self) -> ort.InferenceSession:
        return self._session("head.onnx")

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="pair")

    def _session(self, name: str) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            return ort.InferenceSession(str(self.folder / name), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"model: {self.folder / name} cannot be loaded: {error}") from error

    def warm_up(self) -> None:
        """Load everything and run it once."""
        with self._making:
            self.rank("warm up", [Candidate("a", "one text", {}), Candidate("b", "another text", {})])

    def pair_vectors(self, query: str, passages: Sequence[str], *, deadline: float | None = None) -> _Read:
        """Read passages until the deadline.

        Args:
            deadline: on :func:`time.monotonic`'s clock; ``None`` reads all.

        Returns:
            vectors (len(passages), outputs), and which rows were read.
        """
        vectors = np.zeros((len(passages), self.config.outputs), np.float32)
        done = np.zeros(len(passages), bool)
        # Longest first, so that no long batch is left for the end when the other readers have nothing more to do.
        batches = self._tokenizer.batches(query, passages, size=BATCH)[::-1] if passages else []

        def read(start: int) -> None:
            slowest = 0.0
            for batch in batches[start :: self._threads]:
                now = time.monotonic()
                if deadline is not None and now + slowest > deadline:
                    return
                vectors[batch.rows] = self._run_pair(batch)
                done[batch.rows] = True
                slowest = max(slowest, time.monotonic() - now)

        for reader in [self._readers.submit(read, start) for start in range(min(self._threads, len(batches)))]:
            reader.result()
        return _Read(vectors, done)

    def _run_pair(self, batch: PairBatch) -> NDArray[np.float32]:
        feed = {"ids": batch.ids, "positions": batch.positions, "segments": batch.segments}
        result: NDArray[np.float32] = self._pair.run(None, feed)[0]
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
    ) -> Ranking:
        """Rank one window.

        The ``depth`` best of the first stage are read and scored; the rest follow in the first stage's order. When
        the deadline passes before all of them are read, the whole window is given in the first stage's order and
        ``degraded`` says ``"budget"``: a half-read window would mix two scales.

        Args:
            deadline: on :func:`time.monotonic`'s clock.
            depth: how many candidates to read; ``None`` reads all.

        Returns:
            every candidate once. Scores of read candidates are in 0..1 (sigmoid of the logit); the tail's lie below
            the lowest of them.
        """
        if not candidates:
            return Ranking((), self.name, None, 0)
        base = first_stage(candidates)
        chosen = [item.position for item in base.items[: depth or len(candidates)]]
        texts = [candidates[place].text for place in chosen]
        known = np.array([text is not None for text in texts])
        read = self.pair_vectors(query, [text or "" for text in texts], deadline=deadline)
        if not read.done.all():
            return Ranking(base.items, "first_stage", "budget", int(read.done.sum()))
        matrix = features(query, candidates)[chosen]
        scores = 1.0 / (1.0 + np.exp(-self.logits(read.vectors, known, matrix).astype(np.float64)))
        if not np.isfinite(scores).all():
            raise ModelError(f"model: {self.name} gave a score that is no number")
        head = [
            Scored(item.id, chosen[item.position], item.score)
            for item in ordered([candidates[place] for place in chosen], scores)
        ]
        # The tail keeps the first stage's order, squeezed below the lowest score of those that were read.
        lowest = head[-1].score
        tail = [Scored(item.id, item.position, lowest * item.score * 0.999) for item in base.items[len(chosen) :]]
        return Ranking((*head, *tail), self.name, None, len(chosen))


class _Read:
    """Vectors of passages, and which of them were read in time."""

    __slots__ = ("done", "vectors")

    def __init__(self, vectors: NDArray[np.float32], done: NDArray[np.bool_]) -> None:
        self.vectors, self.done = vectors, done
