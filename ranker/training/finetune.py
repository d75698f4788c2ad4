"""Fine-tuning of the fused ranker on windows."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import TrainingDataError
from ..tokens import PairTokenizer, lay_out
from ..windows import Window
from .data import Example, check, fold_of, prepare, sampled
from .head import Head
from .losses import listwise, pointwise
from .measure import means
from .network import PairNetwork
from .settings import FinetuneSettings

CHECKPOINT = "checkpoint.safetensors"


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
    """A finished run: the best state is in the model that was given."""

    validation: dict[str, float]
    steps: int
    seconds: float
    windows: dict[str, int]


def finetune(
    model: FusedRanker,
    windows: Sequence[Window],
    tokenizer: PairTokenizer,
    settings: FinetuneSettings,
    *,
    folder: Path | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train ``model`` in place.

    Queries are split by their text into training and validation; the best state by condensed plus plain nDCG@10 on
    validation is kept. With a ``folder``, each evaluation leaves a checkpoint there, and a run of the same settings
    and data that finds one goes on from it.

    Raises:
        TrainingDataError: nothing can be learned from the windows, or the checkpoint belongs to other settings.
    """
    check(windows)
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    folds = max(round(1 / settings.validation_share), 2) if settings.validation_share > 0 else 0
    held_out = [window for window in windows if folds and fold_of(window, folds) == 0]
    training = [window for window in windows if not folds or fold_of(window, folds) != 0]
    check(training)
    examples = (prepare(training, tokenizer), prepare(held_out, tokenizer, drops=1))
    run = _Run(model, examples, settings, folder=folder, report=report)
    run.go()
    counts = {"training": len(training), "validation": len(held_out)}
    return Outcome(run.best_metrics, run.step, run.seconds, counts)


class _Run:
    """State of one run; what a checkpoint holds."""

    def __init__(
        self,
        model: FusedRanker,
        examples: tuple[list[Example], list[Example]],
        settings: FinetuneSettings,
        *,
        folder: Path | None,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self.model = model
        self.training, self.held_out = examples
        self.settings, self.folder, self.report = settings, folder, report
        self.step, self.seconds, self.misses = 0, 0.0, 0
        self.best = -math.inf
        self.best_metrics: dict[str, float] = {}
        self.best_state: dict[str, Tensor] = {}
        self.start_state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        # With the transformer frozen, each pair is read once.
        self.vectors: dict[int, Tensor] = {}
        if settings.parts != "all":
            self.vectors = {id(example): self._read(example) for example in (*self.training, *self.held_out)}
        self.per_epoch = math.ceil(len(self.training) / settings.windows_per_step)
        self.steps = max(round(settings.epochs * self.per_epoch), 1)
        model.network.requires_grad_(settings.parts == "all")
        if settings.freeze_words:
            model.network.words.weight.requires_grad_(False)
        model.head.requires_grad_(settings.parts != "signals")
        model.head.direct.requires_grad_(True)
        backbone = [value for value in model.network.parameters() if value.requires_grad]
        closed = [value for value in backbone if value is model.network.across]
        backbone = [value for value in backbone if value is not model.network.across]
        head = [value for value in model.head.parameters() if value.requires_grad]
        decay = settings.weight_decay
        self.optimiser = torch.optim.AdamW(
            [
                {"params": backbone, "lr": settings.backbone_rate, "weight_decay": decay},
                # The view across segments opens through a handful of numbers; at the backbone's pace it never would.
                {"params": closed, "lr": settings.backbone_rate * 300, "weight_decay": 0.0},
                {"params": head, "lr": settings.head_rate, "weight_decay": decay},
            ]
        )
        self.rates = [group["lr"] for group in self.optimiser.param_groups]

    def go(self) -> None:
        self._resume()
        if not self.best_metrics:
            self._evaluate(0.0, 0.0)
        started = time.monotonic() - self.seconds
        while self.step < self.steps and self.misses < self.settings.patience:
            loss, norm = self._advance()
            self.step += 1
            self.seconds = time.monotonic() - started
            if self.step % self.settings.evaluate_every == 0 or self.step == self.steps:
                self._evaluate(loss, norm)
                self._checkpoint()
            else:
                self._say(loss, norm, None)
        kept = self.settings.keep_start
        averaged = {
            name: torch.lerp(tensor, self.start_state[name], kept) if tensor.is_floating_point() else tensor
            for name, tensor in self.best_state.items()
        }
        self.model.load_state_dict(averaged)
        self.model.eval()
        if kept and self.held_out:
            examples = [example.window for example in self.held_out]
            self.best_metrics = means(examples, self.scores(self.held_out))

    def _advance(self) -> tuple[float, float]:
        settings = self.settings
        self.model.train()
        share = min(self.step / max(self.steps * settings.warmup, 1), 1.0)
        share *= max(1.0 - self.step / self.steps, 0.02)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        # Order, samples and dropout depend on the seed and the step only, so a resumed run is the whole run.
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        epoch, place = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(self.training))
        random = np.random.default_rng([settings.seed, 1, self.step])
        chosen = [
            (self.training[number], *sampled(self.training[number], settings.items_per_window, random))
            for number in order[place * settings.windows_per_step :][: settings.windows_per_step]
        ]
        logits = self._logits([(example, rows, features) for example, rows, features, _, _ in chosen])
        loss = torch.zeros(())
        for (_, _, _, grades, weights), part in zip(chosen, logits, strict=True):
            target, weight = torch.from_numpy(grades), torch.from_numpy(weights)
            loss = loss + listwise(part, target, weight) + settings.pointwise_share * pointwise(part, target, weight)
        loss = loss / len(chosen)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not torch.isfinite(norm):
            raise TrainingDataError(f"step {self.step}: the gradient is not finite; lower backbone_rate or head_rate")
        self.optimiser.step()
        return float(loss.detach()), float(norm)

    def _logits(self, parts: Sequence[tuple[Example, NDArray[np.int64], NDArray[np.float32]]]) -> list[Tensor]:
        features = torch.from_numpy(np.concatenate([matrix for _, _, matrix in parts]))
        sizes = [len(rows) for _, rows, _ in parts]
        if self.vectors:
            vector = torch.cat([self.vectors[id(example)][torch.from_numpy(rows)] for example, rows, _ in parts])
        else:
            vector = self._vector(parts)
        logits = self.model.head(vector, torch.ones(len(vector), 1), features)
        return list(torch.split(logits, sizes))

    def _read(self, example: Example) -> Tensor:
        """Vectors of a whole window, without gradients."""
        self.model.eval()
        order = np.argsort([len(ids) for ids in example.passages], kind="stable")
        result = torch.zeros(len(order), self.model.network.outputs)
        with torch.no_grad():
            for start in range(0, len(order), 32):
                rows = order[start : start + 32]
                result[torch.from_numpy(rows)] = self._vector([(example, rows, example.features[0])])
        return result

    def _vector(self, parts: Sequence[tuple[Example, NDArray[np.int64], NDArray[np.float32]]]) -> Tensor:
        queries = [example.query for example, rows, _ in parts for _ in rows]
        passages = [example.passages[row] for example, rows, _ in parts for row in rows]
        batch = lay_out(queries, passages, range(len(passages)))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bf16):
            vector = self.model.network(*(torch.from_numpy(x) for x in (batch.ids, batch.positions, batch.segments)))
        result: Tensor = vector.float()
        return result

    def scores(self, examples: Sequence[Example]) -> list[NDArray[np.floating]]:
        """Logits of whole windows."""
        self.model.eval()
        result: list[NDArray[np.floating]] = []
        with torch.no_grad():
            for example in examples:
                rows = np.argsort([len(ids) for ids in example.passages], kind="stable")
                scores = np.zeros(len(rows), np.float32)
                for start in range(0, len(rows), 32):
                    part = rows[start : start + 32]
                    scores[part] = self._logits([(example, part, example.features[0][part])])[0].numpy()
                result.append(scores)
        return result

    def _evaluate(self, loss: float, norm: float) -> None:
        metrics = means([example.window for example in self.held_out], self.scores(self.held_out))
        value = sum(metrics.values())
        if value > self.best or not self.held_out:
            self.best, self.best_metrics, self.misses = value, metrics, 0
            self.best_state = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        else:
            self.misses += 1
        self._say(loss, norm, metrics)

    def _say(self, loss: float, norm: float, validation: dict[str, float] | None) -> None:
        if self.report:
            left = self.seconds / self.step * (self.steps - self.step) if self.step else 0.0
            self.report(Progress(self.step, self.steps, loss, norm, left, validation))

    def _checkpoint(self) -> None:
        if self.folder is None:
            return
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best_state.items()}
        for number, values in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in values.items()}
        note = {
            "step": self.step,
            "seconds": self.seconds,
            "misses": self.misses,
            "best": self.best,
            "best_metrics": self.best_metrics,
            "settings": self.settings.model_dump(),
            "windows": len(self.training),
        }
        part = self.folder / f".part-{CHECKPOINT}"
        clean = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        save_file(clean, part, metadata={"run": json.dumps(note)})
        part.replace(self.folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT if self.folder else None
        if path is None or not path.is_file():
            return
        with safe_open(path, "pt") as opened:
            note = json.loads(opened.metadata()["run"])
        if note["settings"] != self.settings.model_dump() or note["windows"] != len(self.training):
            raise TrainingDataError(f"{path}: this checkpoint belongs to other settings or data; use another folder")
        tensors = load_file(path)

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        self.best_state = part("best.")
        state = self.optimiser.state_dict()
        for name, value in part("optimiser.").items():
            number, field = name.split(".")
            state["state"].setdefault(int(number), {})[field] = value
        self.optimiser.load_state_dict(state)
        self.step, self.seconds, self.misses = note["step"], note["seconds"], note["misses"]
        self.best, self.best_metrics = note["best"], note["best_metrics"]
