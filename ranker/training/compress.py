"""Smaller served forms of a trained model, each step kept only where judged queries say that it costs little enough.

Layers are left out of the transformer greedily (Sajjad et al., "On the effect of dropping layers of pre-trained
transformer models", 2023); what is left may learn the whole model's scores again (distillation; Hinton et al., 2015).
One half of the queries chooses which layer goes, the other half judges the step, so what is reported was not chosen by
what reports it.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..asked import read
from ..errors import TrainingDataError
from ..model import Ranker, sigmoid
from ..signals import features
from ..significance import Estimate
from ..tokens import PairTokenizer
from ..windows import Window
from .finetune import FusedRanker, finetune
from .measure import means, tested
from .network import PairNetwork
from .save import save_model
from .settings import FinetuneSettings
from .splits import Split, fold_of, text_of

METRIC = "ndcg@10"
FEWEST = 20
"""Judged queries in each half below which an interval says nothing."""


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
class Compressed:
    """What came out: the model, whether its weights are int8, and all that was tried."""

    model: FusedRanker
    int8: bool
    steps: tuple[Step, ...]


class _Judge:
    """Scores candidates of a compressed model on both halves of the queries, in the form that is served."""

    def __init__(self, windows: Sequence[Window], tokenizer: Path, lengths: PairTokenizer, max_loss: float) -> None:
        self.chooses = [window for window in windows if fold_of(window, 2) == 0]
        self.judges = [window for window in windows if fold_of(window, 2) == 1]
        self.tokenizer, self.lengths, self.max_loss = tokenizer, lengths, max_loss
        self.whole: list[NDArray[np.floating]] = []

    def begin(self, model: FusedRanker) -> None:
        """Score the whole model, in 32-bit numbers.

        Raises:
            TrainingDataError: too few judged queries.
        """
        self.whole, _ = self._scores(model, self.judges, int8=False)
        report = tested(self.judges, before=self.whole, after=self.whole)
        if report is None or report.queries < FEWEST:
            raise TrainingDataError(
                f"windows: {report.queries if report else 0} queries with something relevant in the half that judges; "
                f"at least {FEWEST} are needed there, thousands are better"
            )

    def quality(self, model: FusedRanker, *, int8: bool) -> float:
        """Mean nDCG@10 on the half that chooses."""
        scores, _ = self._scores(model, self.chooses, int8=int8)
        return means(self.chooses, scores).get(METRIC, 0.0)

    def step(self, name: str, model: FusedRanker, *, int8: bool) -> Step:
        """Judge one step on the other half."""
        scores, size = self._scores(model, self.judges, int8=int8)
        report = tested(self.judges, before=scores, after=self.whole)
        assert report is not None  # begin() has seen to it
        loss = report.gain[METRIC]
        return Step(name, loss.high <= self.max_loss, loss, report.queries, size)

    def _scores(
        self, model: FusedRanker, windows: Sequence[Window], *, int8: bool
    ) -> tuple[list[NDArray[np.floating]], int]:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            _write(model, folder, self.tokenizer, self.lengths, int8=int8)
            return served_scores(Ranker(folder, remembered=0), windows), (folder / "pair.onnx").stat().st_size


def _write(model: FusedRanker, folder: Path, tokenizer: Path, lengths: PairTokenizer, *, int8: bool) -> None:
    save_model(model, folder, name="tried", tokenizer=tokenizer, lengths=lengths, training={}, card="", int8=int8)


def served_scores(ranker: Ranker, windows: Sequence[Window]) -> list[NDArray[np.floating]]:
    """Logits of whole windows by a served model, everything read."""
    result: list[NDArray[np.floating]] = []
    for window in windows:
        texts = [item.text for item in window.candidates]
        vectors = ranker.pair_vectors(read(window.query).wanted, [text or "" for text in texts]).vectors
        known = np.array([text is not None for text in texts])
        result.append(ranker.logits(vectors, known, features(window.query, window.candidates)))
    return result


def without_layer(model: FusedRanker, number: int) -> FusedRanker:
    """The same model with one layer of its transformer left out.

    Raises:
        ValueError: no such layer, or it is the last one.
    """
    shape = model.network.shape
    if not 0 <= number < shape.layers or shape.layers == 1:
        raise ValueError(f"number: layer {number} of {shape.layers} cannot be left out")
    smaller = copy.deepcopy(model)
    network: PairNetwork = smaller.network
    apart = shape.apart - (number < shape.apart)
    network.stack = nn.ModuleList(layer for place, layer in enumerate(network.stack) if place != number)
    if number >= shape.apart:
        kept = [row for row in range(len(network.across)) if row != number - shape.apart]
        network.across = nn.Parameter(network.across.detach()[kept].clone())
    network.shape = replace(shape, layers=shape.layers - 1, apart=apart)
    return smaller


def distilled(
    student: FusedRanker,
    teacher: FusedRanker,
    windows: Sequence[Window],
    *,
    tokenizer: Path,
    lengths: PairTokenizer,
    settings: FinetuneSettings,
) -> FusedRanker:
    """A student that has learnt to score windows as its teacher does; grades are the teacher's degrees of relevance."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write(teacher, folder, tokenizer, lengths, int8=False)
        scores = served_scores(Ranker(folder, remembered=0), windows)
    degrees = [3.0 * sigmoid(score.astype(np.float64)) for score in scores]
    soft = [replace(window, grades=tuple(map(float, grades))) for window, grades in zip(windows, degrees, strict=True)]
    learnt = copy.deepcopy(student)
    finetune(learnt, Split(soft, [], []), lengths, settings)
    return learnt


def compress(
    model: FusedRanker,
    windows: Sequence[Window],
    tokenizer: Path,
    lengths: PairTokenizer,
    *,
    max_loss: float,
    layers: int = 2,
    teach: Sequence[Window] = (),
    settings: FinetuneSettings | None = None,
    report: Callable[[Step], None] = lambda _: None,
) -> Compressed:
    """Make a model smaller as far as judged queries allow it.

    First int8 weights; then one layer after the other is left out, each time the one whose loss on the half that
    chooses is least, and, with windows to ``teach`` by, what is left learns the whole model's scores. The first step
    that does not hold its bound ends it.

    Args:
        model: trained; it is not changed.
        windows: judged; no query of them may be in ``teach`` or in what the model was trained on.
        tokenizer: its ``tokenizer.json``.
        lengths: how long its segments are.
        max_loss: nDCG@10 that may be lost at most: the upper end of the 95 % interval holds it.
        layers: fewest layers that are left.
        teach: windows for distillation, judged or not.
        settings: of distillation.
        report: is told each step.

    Raises:
        TrainingDataError: too few judged queries, or a query is judged and taught by.
    """
    taught = {text_of(window) for window in teach}
    for window in windows:
        if text_of(window) in taught:
            raise TrainingDataError(f"query: {window.query!r} is judged and taught by; a query may be in one")
    judge = _Judge(windows, tokenizer, lengths, max_loss)
    judge.begin(model)
    steps: list[Step] = []

    def tried(step: Step) -> bool:
        steps.append(step)
        report(step)
        return step.kept

    int8 = tried(judge.step("int8 weights, activations scaled by rows", model, int8=True))
    kept = model
    while kept.network.shape.layers > layers:
        count = kept.network.shape.layers
        smaller = max(
            (without_layer(kept, number) for number in range(count)), key=lambda one: judge.quality(one, int8=int8)
        )
        name = "1 layer" if count == 2 else f"{count - 1} layers"
        if teach:
            learning = settings or FinetuneSettings(loss="mse")
            smaller = distilled(smaller, model, teach, tokenizer=tokenizer, lengths=lengths, settings=learning)
            name += ", distilled"
        if not tried(judge.step(name, smaller, int8=int8)):
            break
        kept = smaller
    return Compressed(kept, int8, tuple(steps))
