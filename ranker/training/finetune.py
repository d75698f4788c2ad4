"""Fine-tuning of the fused ranker on windows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..tokens import PairTokenizer, lay_out
from .data import Example, check, prepare, sampled
from .head import Head
from .loop import Loop, copied
from .losses import loss_of
from .measure import TestReport, means, tested
from .methods import method_of, optimiser_of
from .network import PairNetwork
from .reach import DEEPEST, Reach, best_first, choose, has_signals, placed, unread
from .settings import FinetuneSettings
from .splits import Split, check_apart

Sampled = tuple[Example, NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""A window and what :func:`~ranker.training.data.sampled` chose of it."""
Choice = tuple[Example, NDArray[np.int64], NDArray[np.float32]]
"""A window, some rows of it, and their features."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run says after each step. ``validation`` is set where it was just measured."""

    step: int
    steps: int
    loss: float
    gradient_norm: float
    seconds_left: float
    validation: dict[str, float] | None = None


class FusedRanker(torch.nn.Module):
    """The pair network and the head as one module."""

    def __init__(self, network: PairNetwork, head: Head) -> None:
        super().__init__()
        self.network, self.head = network, head

    def forward(self, ids: Tensor, positions: Tensor, segments: Tensor, features: Tensor) -> Tensor:
        """Logits of pairs, shape (pairs,)."""
        vector = self.network(ids, positions, segments)
        result: Tensor = self.head(vector, torch.ones(len(vector), 1), features)
        return result


def new_head(network: PairNetwork) -> Head:
    """A head that fits a network."""
    return Head(network.outputs, network.shape.width)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: the best state is in the model that was given, adapters merged.

    Attributes:
        validation: metrics of that state.
        test: of that state and of the start, on queries that nothing else has looked at; ``None`` without such.
        windows: per part.
        parameters: ``trained`` and ``all``.
        reach: how far the reading is trusted and how many are read; ``None`` where too few validation windows have
            signals to choose by.
    """

    validation: dict[str, float]
    test: TestReport | None
    steps: int
    seconds: float
    windows: dict[str, int]
    parameters: dict[str, int]
    reach: Reach | None = None


def finetune(
    model: FusedRanker,
    parts: Split,
    tokenizer: PairTokenizer,
    settings: FinetuneSettings,
    *,
    folder: Path | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train ``model`` in place.

    The best state by condensed plus plain nDCG@10 on validation is kept, in the order that is served, and validation
    chooses how far the reading is trusted and how many are read (:mod:`ranker.training.reach`); the test part is looked
    at once, when all is decided. With a ``folder``, each evaluation leaves a checkpoint there, so does an interruption,
    and a run of the same settings, start and data that finds one goes on from it to the same result. Where
    ``torch.distributed`` is initialised, the processes share each step's windows.

    Raises:
        TrainingDataError: nothing can be learned from the windows, a query is in two parts, or the gradient is lost.
        CheckpointError: the checkpoint belongs to another run, or cannot be written.
    """
    check_apart(parts)
    check(parts.training)
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    if settings.late_interaction:
        model.network.close()
    run = FinetuneRun(model, parts, tokenizer, settings, folder=folder, report=report)
    run.go()
    return Outcome(run.best_metrics, run.test, run.step, run.seconds, parts.counts(), run.parameters, run.reach)


class FinetuneRun(Loop):
    """Fine-tuning as a loop."""

    kept = ("misses", "best", "best_metrics")

    def __init__(
        self,
        model: FusedRanker,
        parts: Split,
        tokenizer: PairTokenizer,
        settings: FinetuneSettings,
        *,
        folder: Path | None,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self.ranker, self.settings, self.report = model, settings, report
        self.per_epoch = math.ceil(len(parts.training) / settings.windows_per_step)
        self.start_state = copied(model)
        super().__init__(
            model,
            steps=max(round(settings.epochs * self.per_epoch), 1),
            evaluate_every=settings.evaluate_every,
            folder=folder,
            identity=_identity(settings, parts, self.start_state),
        )
        self.training = prepare(parts.training, tokenizer)
        self.held_out = prepare(parts.validation, tokenizer, drops=1)
        self.untouched = prepare(parts.test, tokenizer, drops=1)
        self.test: TestReport | None = None
        self.reach: Reach | None = None
        self.misses, self.best = 0, -math.inf
        self.best_metrics: dict[str, float] = {}
        self.vectors: dict[int, Tensor] = {}
        self.read: dict[tuple[int, bytes], Tensor] = {}
        self.start_scores = self.scores(self.untouched)
        self.method = method_of(model, settings, self.steps)
        if not self.method.reads:
            # With the transformer frozen, each pair is read once.
            every = (*self.training, *self.held_out, *self.untouched)
            self.vectors = {id(example): self._read(example) for example in every}
        self.parameters = {"trained": self.method.trained_parameters, "all": self.method.all_parameters}
        self.optimiser = optimiser_of(self.method.groups(), settings)
        self.rates = [group["lr"] for group in self.optimiser.param_groups]

    @property
    def looked(self) -> bool:
        return bool(self.best_state)

    @property
    def going(self) -> bool:
        return super().going and self.misses < self.settings.patience

    def extra(self) -> dict[str, Tensor]:
        return self.method.state()

    def take_extra(self, tensors: Mapping[str, Tensor]) -> None:
        self.method.load_state(tensors)

    def finish(self) -> None:
        """The best state, adapters merged, averaged with the start; how far its reading goes; then the one look at the
        test part."""
        self.model.load_state_dict(self.best_state)
        self.method.merge()
        kept = self.settings.keep_start
        if kept:
            merged = self.model.state_dict()
            averaged = {
                name: torch.lerp(tensor, _widened(self.start_state[name], tensor), kept)
                for name, tensor in merged.items()
            }
            self.model.load_state_dict(averaged)
        self.model.requires_grad_(True)
        self.model.eval()
        self.reach = choose(self.ranker.head, self.held_out, self._once)
        if (kept or self.reach) and self.held_out:
            self.best_metrics = means([example.window for example in self.held_out], self.scores(self.held_out))
        self.read.clear()
        if self.untouched:
            windows = [example.window for example in self.untouched]
            self.test = tested(windows, before=self.start_scores, after=self.scores(self.untouched))

    def advance(self) -> tuple[float, float]:
        settings = self.settings
        self.model.train()
        self.set_rates(self.rates, settings.warmup)
        # Order, samples and dropout depend on the seed and the step only, so a resumed run is the whole run.
        torch.manual_seed((settings.seed * 1_000_003 + self.step) * self.group.size + self.group.rank)
        epoch, place = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(self.training))
        random = np.random.default_rng([settings.seed, 1, self.step])
        chosen = [
            (
                self.training[number],
                *sampled(self.training[number], settings.items_per_window, random, bare=settings.bare_share),
            )
            for number in order[place * settings.windows_per_step :][: settings.windows_per_step]
        ]
        loss = self._loss(chosen[self.group.rank :: self.group.size], len(chosen))
        norm = self.descend(loss)
        self.method.stepped(self.step)
        return self.group.sum(float(loss.detach())), norm

    def _loss(self, chosen: Sequence[Sampled], count: int) -> Tensor:
        """The mean loss of ``count`` windows, as far as it comes from those that are given."""
        loss = torch.zeros(())
        if chosen:
            logits = self._logits([(example, rows, features) for example, rows, features, _, _ in chosen])
            for (_, _, _, grades, weights), part in zip(chosen, logits, strict=True):
                loss = loss + loss_of(self.settings, part, torch.from_numpy(grades), torch.from_numpy(weights))
            loss = loss / count
        penalty = self.method.penalty()
        return loss if penalty is None else loss + penalty / self.group.size

    def _logits(self, parts: Sequence[Choice]) -> list[Tensor]:
        features = torch.from_numpy(np.concatenate([matrix for _, _, matrix in parts]))
        sizes = [len(rows) for _, rows, _ in parts]
        if self.vectors:
            vector = torch.cat([self.vectors[id(example)][torch.from_numpy(rows)] for example, rows, _ in parts])
        else:
            vector = self._vector(parts)
        logits = self.ranker.head(vector, torch.ones(len(vector), 1), features)
        return list(torch.split(logits, sizes))

    def _read(self, example: Example) -> Tensor:
        """Vectors of a whole window, without gradients."""
        self.model.eval()
        return self._few(example, np.arange(len(example.passages)))

    def _once(self, example: Example, rows: NDArray[np.int64]) -> Tensor:
        """The same, kept for when it is asked again: nothing is trained any more."""
        self.read[id(example), rows.tobytes()] = vector = self._few(example, rows)
        return vector

    def _few(self, example: Example, rows: NDArray[np.int64]) -> Tensor:
        """Vectors of some candidates of a window, without gradients."""
        if self.vectors:
            return self.vectors[id(example)][torch.from_numpy(rows)]
        known = self.read.get((id(example), rows.tobytes()))
        if known is not None:
            return known
        order = np.argsort([len(example.passages[row]) for row in rows], kind="stable")
        result = torch.zeros(len(rows), self.ranker.network.outputs)
        with torch.no_grad():
            for start in range(0, len(order), 32):
                places = order[start : start + 32]
                result[torch.from_numpy(places)] = self._vector([(example, rows[places], example.features[0])])
        return result

    def _vector(self, parts: Sequence[Choice]) -> Tensor:
        queries = [example.query for example, rows, _ in parts for _ in rows]
        passages = [example.passages[row] for example, rows, _ in parts for row in rows]
        batch = lay_out(queries, passages, range(len(passages)))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bf16):
            vector = self.ranker.network(*(torch.from_numpy(x) for x in (batch.ids, batch.positions, batch.segments)))
        result: Tensor = vector.float()
        return result

    def scores(self, examples: Sequence[Example]) -> list[NDArray[np.floating]]:
        """Scores of whole windows that order them as they are served by a model that reads :data:`DEEPEST`: so many of
        the best by the signals are read, and bare texts all of them."""
        self.model.eval()
        head = self.ranker.head
        result: list[NDArray[np.floating]] = []
        with torch.no_grad():
            for example in examples[self.group.rank :: self.group.size]:
                first = best_first(example, unread(head, example))
                best = first[:DEEPEST] if has_signals(example) else first
                features = torch.from_numpy(example.features[0][best])
                read = head(self._few(example, best), torch.ones(len(best), 1), features).numpy()
                result.append(placed(first, read))
        return self.group.gathered(result, len(examples))

    def look(self, loss: float, norm: float) -> None:
        metrics = means([example.window for example in self.held_out], self.scores(self.held_out))
        value = sum(metrics.values())
        if value > self.best or not self.held_out:
            self.best, self.best_metrics, self.misses = value, metrics, 0
            self.keep_best()
        else:
            self.misses += 1
        self._tell(loss, norm, metrics)

    def say(self, loss: float, norm: float) -> None:
        self._tell(loss, norm, None)

    def _tell(self, loss: float, norm: float, validation: dict[str, float] | None) -> None:
        if self.report and self.group.is_first:
            left = self.seconds / self.step * (self.steps - self.step) if self.step else 0.0
            self.report(Progress(self.step, self.steps, loss, norm, left, validation))


def _widened(start: Tensor, like: Tensor) -> Tensor:
    """A starting weight in the shape that merging a bottleneck gave: its way in as trained, its way back nothing."""
    if start.shape == like.shape:
        return start
    added_inputs = start.dim() == 2 and start.shape[1] < like.shape[1]
    result = torch.zeros_like(like) if added_inputs else like.clone()
    result[tuple(slice(size) for size in start.shape)] = start
    return result


def _identity(settings: FinetuneSettings, parts: Split, start: dict[str, Tensor]) -> dict[str, object]:
    """What a run is, so that a checkpoint of another one is not taken for its own."""
    data, weights = hashlib.sha256(), hashlib.sha256()
    for name in parts.counts():
        for window in getattr(parts, name):
            data.update(repr((name, window.query_id, window.query, window.source, window.grades)).encode())
    for name in sorted(start):
        weights.update(start[name].contiguous().view(-1).numpy().tobytes())
    return {"settings": settings.model_dump(), "data": data.hexdigest(), "start": weights.hexdigest()}
