"""Smaller served forms of a trained model, each step kept only where judged queries say that it costs little enough.

Layers are left out of the transformer greedily (Sajjad et al., "On the effect of dropping layers of pre-trained
transformer models", 2023); what is left may learn the whole model's scores again (distillation; Hinton et al., 2015).
Some of the queries choose which layer goes and find the ranges of activations, the others judge the step, so what is
reported was not chosen by what reports it.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from ..errors import TrainingDataError
from ..model import sigmoid
from ..tokens import PairTokenizer
from ..windows import Window
from .calibrate import Scales
from .finetune import FusedRanker, finetune
from .judge import Form, Judge, Step, scored
from .network import PairNetwork
from .settings import FinetuneSettings
from .splits import Split, text_of
from .vocabulary import pruned, said


@dataclass(frozen=True, slots=True)
class Compressed:
    """What came out.

    Attributes:
        model: what is left of it.
        int8: whether its weights and activations are served in 8 bits.
        scales: of the activations, where they are fixed.
        tokenizer: the ``tokenizer.json`` that belongs to it, as text.
        steps: all that was tried.
    """

    model: FusedRanker
    int8: bool
    scales: Scales | None
    tokenizer: str
    steps: tuple[Step, ...]


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


def apart(model: FusedRanker) -> FusedRanker:
    """The same model with no layer that looks across."""
    closed = copy.deepcopy(model)
    closed.network.close()
    return closed


def graded(
    teacher: FusedRanker, windows: Sequence[Window], *, tokenizer: Path, lengths: PairTokenizer, threads: int
) -> list[Window]:
    """Windows whose grades are a teacher's degrees of relevance, 0 to 3."""
    scores, _ = scored(Form(teacher, tokenizer), windows, lengths, threads)
    degrees = [3.0 * sigmoid(score.astype(np.float64)) for score in scores]
    return [replace(window, grades=tuple(map(float, grades))) for window, grades in zip(windows, degrees, strict=True)]


def distilled(
    student: FusedRanker, windows: Sequence[Window], *, lengths: PairTokenizer, settings: FinetuneSettings
) -> FusedRanker:
    """A student that has learnt to score windows as :func:`graded` says."""
    learnt = copy.deepcopy(student)
    finetune(learnt, Split(list(windows), [], []), lengths, settings)
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

    First int8 weights, then fixed ranges for the activations; then no layer looks across any more; then one layer after
    the other is left out, each time the one whose loss on the queries that choose is least, and, with windows to
    ``teach`` by, what is left learns the whole model's scores; the first of these that does not hold its bound is the
    last. Then all pieces of words that stand neither in what teaches nor in what chooses.

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
    learning = settings or FinetuneSettings(loss="mse")
    judge = Judge(windows, lengths, max_loss, threads=learning.threads)
    kept = Form(model, tokenizer)
    judge.begin(kept)
    steps: list[Step] = []

    def tried(name: str, form: Form) -> Form:
        step = judge.step(name, form)
        steps.append(step)
        report(step)
        return form if step.kept else kept

    kept = tried("int8 weights, activations scaled by rows", replace(kept, int8=True))
    if kept.int8:
        kept = tried("int8, ranges of activations fixed", judge.with_ranges(kept))
    if not kept.model.network.shape.late_interaction:
        kept = tried("texts read apart", _with(kept, apart(kept.model), judge))
    soft: list[Window] = []
    while (count := kept.model.network.shape.layers) > layers:
        # Ranges are found for what is judged only: an order of candidates does not need them.
        candidates = [replace(kept, model=without_layer(kept.model, number), scales=None) for number in range(count)]
        left = max(candidates, key=judge.quality).model
        name = "1 layer" if count == 2 else f"{count - 1} layers"
        if teach:
            soft = soft or graded(model, teach, tokenizer=tokenizer, lengths=lengths, threads=learning.threads)
            left = distilled(left, soft, lengths=lengths, settings=learning)
            name += ", distilled"
        before, kept = kept, tried(name, _with(kept, left, judge))
        if kept is before:
            break
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "tokenizer.json"
        pieces = said(tokenizer, texts_of([*judge.chooses, *teach]))
        kept = tried(
            "words never said", replace(kept, model=pruned(kept.model, tokenizer, pieces, file), tokenizer=file)
        )
        return Compressed(kept.model, kept.int8, kept.scales, kept.tokenizer.read_text("utf-8"), tuple(steps))


def _with(form: Form, model: FusedRanker, judge: Judge) -> Form:
    """The same form of another model; fixed ranges are found anew."""
    changed = replace(form, model=model)
    return judge.with_ranges(changed) if form.scales is not None else changed


def texts_of(windows: Iterable[Window]) -> Iterator[str]:
    """Queries of windows and what they brought."""
    for window in windows:
        yield window.query
        yield from (item.text or "" for item in window.candidates)
