"""What forms of a model are worth, each scored as it would be served."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..asked import read
from ..errors import TrainingDataError
from ..model import Ranker
from ..signals import features
from ..significance import Estimate
from ..tokens import PairTokenizer, lay_out
from ..windows import Window
from .calibrate import Scales, calibrated
from .finetune import FusedRanker
from .measure import means, tested
from .save import save_model
from .splits import fold_of

METRIC = "ndcg@10"
FEWEST = 20
"""Judging queries below which an interval says nothing."""
CHOOSING = 100
"""Queries that choose at most, of one half; choosing needs an order of a few candidates, no narrow interval."""
RANGED = 64
"""Of these, whose pairs the ranges of activations are found by."""
REMEMBERED = 2**29
"""Bytes of readings that a form keeps while it is judged: of one that reads texts apart, so that a text which stands in
many windows is read once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried.

    Attributes:
        name: what.
        kept: whether the result has it.
        loss: nDCG@10 lost against the whole model in 32-bit numbers, with its 95 % interval over queries; below 0 is
            a gain.
        queries: how many judged it.
        bytes: of ``pair.onnx``.
    """

    name: str
    kept: bool
    loss: Estimate
    queries: int
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For ``metrics.json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Form:
    """A model as it would be served."""

    model: FusedRanker
    tokenizer: Path
    int8: bool = False
    scales: Scales | None = None


class Judge:
    """Scores forms of a model on the queries that choose and on those that judge, as they would be served."""

    def __init__(self, windows: Sequence[Window], lengths: PairTokenizer, max_loss: float, *, threads: int = 2) -> None:
        first = [window for window in windows if fold_of(window, 2) == 0]
        second = [window for window in windows if fold_of(window, 2) == 1]
        self.chooses, self.judges = first[:CHOOSING], [*first[CHOOSING:], *second]
        self.lengths, self.max_loss, self.threads = lengths, max_loss, threads
        self.whole: list[NDArray[np.floating]] = []

    def begin(self, whole: Form) -> None:
        """Score the whole model, in 32-bit numbers.

        Raises:
            TrainingDataError: too few judged queries.
        """
        self.whole, _ = scored(whole, self.judges, self.lengths, self.threads)
        report = tested(self.judges, before=self.whole, after=self.whole)
        if report is None or report.queries < FEWEST:
            raise TrainingDataError(
                f"windows: {report.queries if report else 0} queries with something relevant in the half that judges; "
                f"at least {FEWEST} are needed there, thousands are better"
            )

    def quality(self, form: Form) -> float:
        """Mean nDCG@10 on the queries that choose."""
        scores, _ = scored(form, self.chooses, self.lengths, self.threads)
        return means(self.chooses, scores).get(METRIC, 0.0)

    def step(self, name: str, form: Form) -> Step:
        """Judge one step on the others."""
        scores, size = scored(form, self.judges, self.lengths, self.threads)
        report = tested(self.judges, before=scores, after=self.whole)
        assert report is not None  # begin() has seen to it
        loss = report.gain[METRIC]
        return Step(name, loss.high <= self.max_loss, loss, report.queries, size)

    def with_ranges(self, form: Form) -> Form:
        """A form with ranges of its activations, found on pairs of the queries that choose."""
        batches = []
        for window in self.chooses[:RANGED]:
            query = self.lengths.segment_ids([read(window.query).wanted], self.lengths.query_tokens)
            texts = [item.text or "" for item in window.candidates]
            passages = self.lengths.segment_ids(texts, self.lengths.passage_tokens)
            batches.append(lay_out(query * len(passages), passages, range(len(passages))))
        return replace(form, scales=calibrated(form.model.network, batches))


def scored(
    form: Form, windows: Sequence[Window], lengths: PairTokenizer, threads: int
) -> tuple[list[NDArray[np.floating]], int]:
    """Logits of whole windows by a form as it would be served, and how many bytes its ``pair.onnx`` has."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(form, folder, lengths)
        ranker = Ranker(folder, threads=threads, remembered=REMEMBERED)
        return served_scores(ranker, windows), (folder / "pair.onnx").stat().st_size


def write(form: Form, folder: Path, lengths: PairTokenizer) -> None:
    """Write a model folder of a form."""
    save_model(
        form.model,
        folder,
        name="tried",
        tokenizer=form.tokenizer,
        lengths=lengths,
        training={},
        card="",
        int8=form.int8,
        scales=form.scales,
    )


def served_scores(ranker: Ranker, windows: Sequence[Window]) -> list[NDArray[np.floating]]:
    """Logits of whole windows by a served model, everything read."""
    result: list[NDArray[np.floating]] = []
    for window in windows:
        texts = [item.text for item in window.candidates]
        vectors = ranker.pair_vectors(read(window.query).wanted, [text or "" for text in texts]).vectors
        known = np.array([text is not None for text in texts])
        result.append(ranker.logits(vectors, known, features(window.query, window.candidates)))
    return result
