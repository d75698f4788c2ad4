"""A shop's part of federated training: weights in, weights out, windows stay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import TrainingDataError
from ...tokens import PairTokenizer
from ...windows import Window
from ..data import check
from ..finetune import FinetuneRun, FusedRanker
from ..methods import optimiser_of
from ..settings import FinetuneSettings
from ..splits import Split

Weights = list[NDArray[np.float32]]
METHODS = ("head", "signals", "lora", "bottleneck")
"""What shops can train together. AdaLoRA moves ranks by importances of its own at each shop; the whole transformer is
ten million numbers a round."""


def check_method(settings: FinetuneSettings) -> None:
    """Refuse what cannot be trained by several shops.

    Raises:
        TrainingDataError: names the methods that can.
    """
    if settings.method not in METHODS:
        raise TrainingDataError(f"method: {settings.method} cannot be federated; take one of {', '.join(METHODS)}")


def weights_of(model: torch.nn.Module) -> Weights:
    """What is trained of a model, in the order of its parameters."""
    return [value.detach().numpy().copy() for value in model.parameters() if value.requires_grad]


def put_weights(model: torch.nn.Module, weights: Sequence[NDArray[np.floating]]) -> None:
    """Put :func:`weights_of` back.

    Raises:
        TrainingDataError: they are of another model.
    """
    trained = [value for value in model.parameters() if value.requires_grad]
    if [value.shape for value in trained] != [torch.Size(array.shape) for array in weights]:
        raise TrainingDataError("weights: they are of another model or method than this one's")
    with torch.no_grad():
        for value, array in zip(trained, weights, strict=True):
            value.copy_(torch.from_numpy(np.asarray(array, np.float32)))


def digest_of(model: torch.nn.Module) -> str:
    """SHA-256 of all weights: shops that begin elsewhere must not be averaged."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


class ShopTraining:
    """Local steps of one shop (FedAvg; McMahan et al., AISTATS 2017).

    Rates warm up and fall over all rounds together; the optimiser's memory begins anew in each round, for it belongs to
    weights that were averaged away. What a step draws depends on the seed and the step, so a shop that missed a round
    joins the next as if it had been there.

    Args:
        settings: ``epochs`` are the passes over the shop's windows in one round.
    """

    def __init__(
        self,
        model: FusedRanker,
        windows: Sequence[Window],
        tokenizer: PairTokenizer,
        settings: FinetuneSettings,
        rounds: int,
    ) -> None:
        check_method(settings)
        check(windows)
        torch.set_num_threads(settings.threads)
        whole = settings.model_copy(update={"epochs": settings.epochs * rounds})
        self._run = FinetuneRun(model, Split(list(windows), [], []), tokenizer, whole, folder=None, report=None)
        self._settings, self._per_round = whole, max(self._run.steps // rounds, 1)
        self.windows = len(windows)

    def learn(self, number: int, weights: Sequence[NDArray[np.floating]]) -> Weights:
        """One round, counted from 1, from everybody's weights to this shop's.

        Raises:
            TrainingDataError: the weights are of another model, or the gradient is lost.
        """
        run = self._run
        put_weights(run.model, weights)
        run.optimiser = optimiser_of(run.method.groups(), self._settings)
        run.step = min((number - 1) * self._per_round, run.steps - 1)
        for _ in range(self._per_round):
            run.advance()
            run.step = min(run.step + 1, run.steps - 1)
        return weights_of(run.model)
