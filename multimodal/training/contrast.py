"""``train clip``: bring pictures and texts of one product together, and keep others apart."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import normalize

from ..encoder import TextEncoder
from ..errors import MediaError
from . import losses
from .kept import Kept
from .pairs import Pair
from .settings import ClipSettings
from .towers import image_cut, text_cut

CHECKPOINT = "checkpoint.safetensors"
MAX_SCALE = math.log(100.0)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; ``validation`` is there when it was just measured."""

    step: int
    steps: int
    loss: float
    validation: dict[str, float] | None = None


@dataclass(slots=True)
class Outcome:
    """A finished run; the model was trained in place."""

    validation: dict[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    pictures: int = 0
    products: int = 0


@dataclass(frozen=True, slots=True)
class Trainee:
    """A model of open_clip with what belongs to it.

    Attributes:
        model: the two towers.
        transform: its own preprocessing of pictures.
        tokenizer: its own tokenizer.
        text_encoder: the served text encoder that its text projection stands on; ``None``: its own text tower.
    """

    model: Any
    transform: Any
    tokenizer: Any
    text_encoder: TextEncoder | None = None


def train(
    trainee: Trainee,
    pairs: Sequence[Pair],
    settings: ClipSettings,
    *,
    folder: Path,
    report: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train a model in place.

    Args:
        trainee: the model.
        pairs: pictures and their texts.
        settings: see there.
        folder: for what the frozen parts gave, and for a checkpoint, from which a run of the same settings and data
            goes on.
        report: called after each step.

    Raises:
        MediaError: a picture is broken, or there are fewer than two products.
        UnknownEncoder: the model has no such parts as the settings open.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(trainee, pairs, settings, folder=folder, report=report)
    return run.go()


class _Run:
    """State of one run."""

    def __init__(
        self,
        trainee: Trainee,
        pairs: Sequence[Pair],
        settings: ClipSettings,
        *,
        folder: Path,
        report: Callable[[Progress], None] | None,
    ) -> None:
        model, tokenizer = trainee.model, trainee.tokenizer
        self.model, self.settings, self.folder, self.report = model, settings, folder, report
        self.products: list[tuple[str, ...]] = list(dict.fromkeys(pair.texts for pair in pairs))
        if len(self.products) < 2:
            raise MediaError("pairs: there is nothing to tell apart; give pictures of at least two products")
        number = {texts: place for place, texts in enumerate(self.products)}
        self.product_of = np.array([number[pair.texts] for pair in pairs])
        order = np.random.default_rng([settings.seed, 0]).permutation(len(pairs))
        held = round(len(pairs) * settings.validation_share)
        self.held_out, self.training = order[:held], order[held:]
        model.eval()
        model.requires_grad_(False)
        self.image = image_cut(model, settings)
        self.text = text_cut(model, tokenizer, settings, trainee.text_encoder)
        self.kept = Kept(
            pairs, self.products, trainee.transform, settings=settings, image=self.image, text=self.text, folder=folder
        )
        self.identity = self.kept.identity
        self._optimiser()
        self.step = 0
        self.per_epoch = max(1, len(self.training) // settings.batch)
        self.steps = max(1, round(settings.epochs * self.per_epoch))

    def _optimiser(self) -> None:
        settings = self.settings
        scales = [self.model.logit_scale]
        if settings.loss == "sigmoid":
            if self.model.logit_bias is None:
                self.model.logit_bias = torch.nn.Parameter(torch.tensor(-10.0))
            scales.append(self.model.logit_bias)
        towers = [*self.image.open_tower, *self.text.open_tower]
        projections = [*self.image.projection, *self.text.projection]
        for parameter in (*towers, *projections, *scales):
            parameter.requires_grad_(True)
        decay = settings.weight_decay
        groups = [
            {"params": towers, "lr": settings.tower_rate, "weight_decay": decay},
            {"params": projections, "lr": settings.projection_rate, "weight_decay": decay},
            {"params": scales, "lr": settings.projection_rate / 2, "weight_decay": 0.0},
        ]
        self.parameters = [*towers, *projections, *scales]
        self.optimiser = torch.optim.AdamW(groups)
        self.rates = [group["lr"] for group in self.optimiser.param_groups]

    def go(self) -> Outcome:
        self._resume()
        self.kept.fill(self.held_out)
        started = time.monotonic()
        outcome = Outcome(pictures=len(self.training), products=len(self.products))
        while self.step < self.steps:
            loss = self._advance()
            self.step += 1
            last = self.step == self.steps
            if last or self.step % self.settings.evaluate_every == 0:
                outcome.validation = self._validation()
                self._checkpoint()
            if self.report is not None:
                watched = self.step % self.settings.evaluate_every == 0 or last
                self.report(Progress(self.step, self.steps, loss, outcome.validation if watched else None))
        self.model.eval()
        self.kept.drop()
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        outcome.steps, outcome.seconds = self.step, time.monotonic() - started
        return outcome

    def _advance(self) -> float:
        settings = self.settings
        share = min((self.step + 1) / max(self.steps * settings.warmup, 1), 1.0)
        share *= 0.5 + 0.5 * math.cos(math.pi * self.step / self.steps)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        # Order, views, wordings and dropout depend on the seed and the step only, so a resumed run is the whole run.
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        random = np.random.default_rng([settings.seed, 1, self.step])
        epoch, place = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([settings.seed, 2, epoch]).permutation(self.training)
        rows = order[place * settings.batch :][: settings.batch]
        logits, right = self._logits(rows, epoch % settings.views, random)
        if settings.loss == "contrastive":
            loss = losses.contrastive(logits, right, settings.smoothing)
        else:
            loss = losses.sigmoid(logits, right)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0.0, MAX_SCALE)
        return float(loss.detach())

    def _logits(self, rows: NDArray[np.int64], view: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        inside = np.unique(self.product_of[rows])
        others = np.setdiff1d(np.arange(len(self.products)), inside)
        extra = random.permutation(others)[: self.settings.extra_texts]
        asked = np.concatenate([inside, extra])
        wordings = [int(random.integers(0, len(self.products[product]))) for product in asked]
        pictures = self.image.trained(self.kept.pictures(rows, view))
        texts = self.text.trained(self.kept.texts(asked, wordings))
        cosines = normalize(pictures.float(), dim=-1) @ normalize(texts.float(), dim=-1).T
        logits = cosines * self.model.logit_scale.exp()
        if self.model.logit_bias is not None and self.settings.loss == "sigmoid":
            logits = logits + self.model.logit_bias
        right = torch.from_numpy((self.product_of[rows][:, None] == asked[None]).astype(np.float32))
        return logits, right

    def _validation(self) -> dict[str, float]:
        """Recall between held-out pictures, as they are, and the passages of all products."""
        if not len(self.held_out):
            return {}
        everything = np.arange(len(self.products))
        self.image.drop.eval()
        with torch.no_grad():
            parts = [
                normalize(self.image.trained(self.kept.whole_pictures(rows)).float(), dim=-1)
                for rows in np.array_split(self.held_out, math.ceil(len(self.held_out) / 64))
            ]
            texts = normalize(self.text.trained(self.kept.texts(everything, [0] * len(everything))).float(), dim=-1)
        self.image.drop.train()
        similar = torch.cat(parts) @ texts.T
        right = torch.from_numpy((self.product_of[self.held_out][:, None] == everything[None]).astype(np.float32))
        shown = right.sum(0) > 0
        return {
            "image_to_text@1": losses.recall_at(similar, right, 1),
            "image_to_text@10": losses.recall_at(similar, right, 10),
            "text_to_image@1": losses.recall_at(similar.T[shown], right.T[shown], 1),
        }

    def _checkpoint(self) -> None:
        tensors: dict[str, Tensor] = {}
        for number, parameter in enumerate(self.parameters):
            tensors[f"value.{number}"] = parameter.detach().clone()
            for name, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"{name}.{number}"] = value.detach().clone()
        partial = self.folder / f"{CHECKPOINT}.partial"
        save_file(tensors, partial, metadata={"step": str(self.step), "identity": self.identity})
        partial.replace(self.folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        with safe_open(path, "pt") as stored:
            meta = stored.metadata() or {}
            if meta.get("identity") != self.identity:
                raise MediaError(f"{path}: belongs to other settings or pictures; give another --out, or delete it")
            self.step = int(meta["step"])
            names = set(stored.keys())
            for number, parameter in enumerate(self.parameters):
                with torch.no_grad():
                    parameter.copy_(stored.get_tensor(f"value.{number}"))
                state = {
                    name: stored.get_tensor(f"{name}.{number}")
                    for name in ("step", "exp_avg", "exp_avg_sq")
                    if f"{name}.{number}" in names
                }
                if state:
                    self.optimiser.state[parameter] = state
