"""Differentially private training of the head: DP-SGD whose samples are people.

Abadi et al., "Deep Learning with Differential Privacy", CCS 2016. One sample is one person with all of their records,
at most ``cap``; a step takes each person with the same probability, apart from all others (Poisson sampling), shortens
the gradient of each to ``clip`` and adds Gaussian noise. The transformer stays as it is: it is read once for each pair.
Only linear layers are trained, and only after a check that their per-person gradients are right.
"""

from __future__ import annotations

import copy
import secrets
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from ..errors import TrainingDataError
from ..people import Receipt
from .accounting import accountant_name, noise_for, spent
from .finetune import Progress
from .head import Head
from .losses import TOP_GRADE
from .settings import FinetuneSettings

EXACT = 1e-5
NOISE = "torch's Mersenne Twister, seeded with 64 bits of the operating system that are not kept"


class PrivateSettings(BaseModel):
    """What a private run is told beside :class:`~ranker.training.settings.FinetuneSettings`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    target_epsilon: float = Field(3.0, gt=0, le=20)
    delta: float = Field(1e-6, gt=0, lt=0.1)
    clip: float = Field(1.0, gt=0)
    cap: int = Field(5, ge=1, le=1000)
    """Most records of one person."""
    people_per_step: int = Field(512, ge=1)
    """How many people a step takes on average."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everybody's records as rows of one table of pairs.

    Attributes:
        vectors: float32 (pairs, outputs), the transformer's reading.
        features: float32 (pairs, features).
        rows: int64 (people, cap, items), into the table.
        grades: float32 (people, cap, items).
        weights: float32 (people, cap, items); 0 where there is no item.
    """

    vectors: Tensor
    features: Tensor
    rows: Tensor
    grades: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.rows)


def check_settings(settings: FinetuneSettings, private: PrivateSettings, people: int) -> None:
    """Refuse what cannot be private, and what a guarantee would mean little for.

    Raises:
        TrainingDataError: names the setting and the fix.
    """
    if settings.method not in ("head", "signals"):
        raise TrainingDataError(
            f"method: {settings.method} cannot be trained privately; take head or signals, which leave the transformer"
        )
    if private.delta >= 1 / max(people, 1):
        raise TrainingDataError(
            f"delta: {private.delta:g} is not below 1 / {people} people, so one of them could be given away whole"
        )
    if private.people_per_step * 2 > people:
        raise TrainingDataError(
            f"people_per_step: {private.people_per_step} is more than half of {people} people; lower it"
        )


def person_losses(settings: FinetuneSettings, logits: Tensor, grades: Tensor, weights: Tensor) -> Tensor:
    """The loss of each person: the mean of :func:`~ranker.training.losses.loss_of` over their records.

    Args:
        logits, grades, weights: (people, cap, items); an item of weight 0 is none, a record without items neither.

    Returns:
        (people,), each of it a function of that person's records only.
    """
    there = weights > 0
    total = weights.sum(-1).clamp_min(1e-9)
    target = grades / TOP_GRADE
    each = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    pointwise = (each * weights).sum(-1) / total
    squared = ((torch.sigmoid(logits) - target) ** 2 * weights).sum(-1) / total
    if settings.loss == "bce":
        loss = pointwise
    elif settings.loss == "mse":
        loss = squared
    else:
        gains = torch.where(there, torch.pow(2.0, grades) - 1.0, 0.0)
        sums = gains.sum(-1, keepdim=True)
        logs = torch.where(there, logits + torch.log(weights.clamp_min(1e-6)), -1e9)
        logs = logits - torch.logsumexp(logs, -1, keepdim=True)
        listwise = -(gains / sums.clamp_min(1e-9) * logs).sum(-1)
        loss = torch.where(sums.squeeze(-1) > 0, listwise, 0.0) + settings.pointwise_share * pointwise
    loss = loss + settings.epsilon**2 * squared
    records = there.any(-1)
    result: Tensor = torch.where(records, loss, 0.0).sum(-1) / records.sum(-1).clamp_min(1)
    return result


def train_privately(
    head: Head,
    records: Records,
    settings: FinetuneSettings,
    private: PrivateSettings,
    *,
    report: Callable[[Progress], None] | None = None,
    seed: int | None = None,
) -> Receipt:
    """Train a head in place.

    Nothing but the noisy steps looks at the records: there is no validation, no stopping early and no checkpoint, and
    how features are scaled is fixed beforehand.

    Args:
        seed: of samples and noise, for tests only: who knows it can take the noise away.

    Raises:
        TrainingDataError: settings or layers that cannot be private, too few people.
    """
    check_settings(settings, private, len(records))
    rate = private.people_per_step / len(records)
    steps = max(round(settings.epochs / rate), 1)
    sigma = noise_for(private.target_epsilon, rate, steps, private.delta)
    noisy_steps(head, records, settings, private, sigma=sigma, steps=steps, report=report, seed=seed)
    return Receipt(
        epsilon=spent(sigma, rate, steps, private.delta),
        delta=private.delta,
        cap=records.rows.shape[1],
        rate=rate,
        sigma=sigma,
        clip=private.clip,
        steps=steps,
        accountant=accountant_name(),
        noise=NOISE if seed is None else "seeded for a test: no guarantee",
    )


def noisy_steps(
    head: Head,
    records: Records,
    settings: FinetuneSettings,
    private: PrivateSettings,
    *,
    sigma: float,
    steps: int,
    report: Callable[[Progress], None] | None = None,
    seed: int | None = None,
) -> None:
    """Take ``steps`` steps with noise ``sigma``; with 0 it is clipping alone, for comparison."""
    torch.set_num_threads(settings.threads)
    chance = torch.Generator().manual_seed(secrets.randbits(63) if seed is None else seed)
    head.dropout.p, dropout = 0.0, head.dropout.p
    head.requires_grad_(settings.method == "head")
    head.direct.requires_grad_(True)
    require_exact(head)
    optimiser = DPOptimizer(
        _optimiser(head, settings),
        noise_multiplier=sigma,
        max_grad_norm=private.clip,
        expected_batch_size=private.people_per_step,
        generator=chance,
    )
    rate = private.people_per_step / len(records)
    with per_person(head) as wrapped:
        for step in range(steps):
            share = min((step + 1) / max(steps * settings.warmup, 1), 1.0) * max(1.0 - step / steps, 0.02)
            optimiser.param_groups[0]["lr"] = settings.head_rate * share
            taken = torch.nonzero(torch.rand(len(records), generator=chance) < rate).squeeze(-1)
            optimiser.zero_grad()
            logits = _logits(wrapped, records, taken)
            loss = person_losses(settings, logits, records.grades[taken], records.weights[taken]).sum()
            # A step that took nobody still adds its noise: it was counted when the noise was chosen.
            torch.autograd.backward(loss / max(len(taken), 1))
            optimiser.step()
            if report is not None:
                # The loss of people is theirs: nothing of it is told.
                report(Progress(step + 1, steps, float("nan"), float("nan"), 0.0))
    head.dropout.p = dropout
    head.requires_grad_(True)
    head.eval()


@contextmanager
def per_person(head: nn.Module, *, reduction: str = "mean") -> Iterator[nn.Module]:
    """A module, in training mode, whose backward pass leaves a gradient for each person in ``grad_sample``."""
    wrapped = GradSampleModule(head, loss_reduction=reduction, strict=True)
    try:
        with warnings.catch_warnings():
            # The head's input is data: nobody asks for gradients of it.
            warnings.filterwarnings("ignore", message="Full backward hook is firing")
            wrapped.train()
            yield wrapped
    finally:
        wrapped.to_standard_module()


def require_exact(head: Head) -> None:
    """Hold the per-person gradients of every trainable layer against gradients taken one by one, on random input.

    Raises:
        TrainingDataError: names the layer whose gradients differ by more than 1e-5, relative to the longest.
    """
    chance = torch.Generator().manual_seed(11)
    people, items = 3, 4
    vectors = torch.randn(people, items, head.outputs, generator=chance)
    features = torch.rand(people, items, head.inputs, generator=chance)
    target = torch.rand(people, items, generator=chance)

    def loss(module: nn.Module, rows: Sequence[int]) -> Tensor:
        logits = module(vectors[rows], torch.ones(len(rows), items, 1), features[rows])
        result: Tensor = ((logits - target[rows]) ** 2).sum()
        return result

    # A copy with other weights: where a head starts, much of it has no gradient that could be wrong.
    head = copy.deepcopy(head)
    with torch.no_grad():
        for value in head.parameters():
            value.copy_(0.1 * torch.randn(value.shape, generator=chance))
    with per_person(head, reduction="sum") as wrapped:
        loss(wrapped, range(people)).backward()  # type: ignore[no-untyped-call]
        together = {
            name: getattr(value, "grad_sample", None) for name, value in head.named_parameters() if value.requires_grad
        }
    head.zero_grad()
    for person in range(people):
        loss(head, [person]).backward()  # type: ignore[no-untyped-call]
        for name, each in together.items():
            alone = dict(head.named_parameters())[name].grad
            scale = max(float(alone.abs().max()), 1.0) if alone is not None else 1.0
            if alone is None or each is None or float((each[person] - alone).abs().max()) > EXACT * scale:
                raise TrainingDataError(f"head: the per-person gradients of {name} are not exact; it cannot be private")
        head.zero_grad()


def _logits(module: nn.Module, records: Records, taken: Tensor) -> Tensor:
    rows = records.rows[taken]
    flat = rows.flatten(1)
    known = torch.ones(*flat.shape, 1)
    logits: Tensor = module(records.vectors[flat], known, records.features[flat])
    return logits.reshape(rows.shape)


def _optimiser(head: Head, settings: FinetuneSettings) -> torch.optim.Optimizer:
    values = [value for value in head.parameters() if value.requires_grad]
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(values, lr=settings.head_rate, weight_decay=settings.weight_decay)
    if settings.optimiser == "adam":
        return torch.optim.Adam(values, lr=settings.head_rate, weight_decay=settings.weight_decay)
    return torch.optim.SGD(values, lr=settings.head_rate, momentum=0.9, weight_decay=settings.weight_decay)
