"""Fixed ranges of activations, found once on real pairs: what int8 with a scale per row finds anew for every row.

A fixed scale leaves one multiplication where a row's own takes seven passes over the tensor, and a pair's score depends
on its batch no more than before. What it costs depends on outliers, so of each tensor the range is cut where the
squared error over the pairs that were read is least (Nagel et al., "A White Paper on Neural Network Quantization",
2021, section 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import TrainingDataError
from ..tokens import PAD, PairBatch
from .network import Layer, PairNetwork

POINTS = ("query", "out", "up", "down")
"""The linear maps of a layer whose inputs have ranges; key and value read what the query's map reads."""
CUTS = np.linspace(0.2, 1.0, 33)
"""Shares of the largest size that are tried as range."""
SAMPLE = 200_000
"""Numbers of a tensor that a range is chosen by."""

Scales = Mapping[str, float]
"""Scale of the activations that a linear map reads, by ``LAYER.POINT``."""


def best_scale(values: NDArray[np.float32]) -> float:
    """The scale of symmetric int8 with the least squared error over some numbers."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest <= 0.0:
        return 1e-8
    errors = []
    for cut in CUTS:
        scale = largest * cut / 127.0
        errors.append(float(np.square(np.clip(np.rint(values / scale), -127, 127) * scale - values).mean()))
    return largest * float(CUTS[int(np.argmin(errors))]) / 127.0


def calibrated(network: PairNetwork, batches: Sequence[PairBatch], *, seed: int = 7) -> Scales:
    """Find the scales of a network's activations on some pairs; padding is not looked at.

    Raises:
        TrainingDataError: no pairs.
    """
    if not batches:
        raise TrainingDataError("windows: no pair to find the ranges of activations by")
    seen: dict[str, list[NDArray[np.float32]]] = {}
    dice = np.random.default_rng(seed)
    real = torch.zeros(0, dtype=torch.bool)

    def watch(name: str) -> Any:
        def look(_module: object, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0][real].numpy().ravel()
            most = max(SAMPLE // len(batches), 1)
            # The largest always count, for they are what the range is about.
            top = np.argpartition(-np.abs(values), min(16, len(values) - 1))[:16]
            drawn = dice.choice(values, most, replace=False) if len(values) > most else values
            seen.setdefault(name, []).append(np.concatenate([drawn, values[top]]))

        return look

    network.eval()
    hooks = [
        cast(torch.nn.Linear, getattr(cast(Layer, layer), point)).register_forward_pre_hook(watch(f"{number}.{point}"))
        for number, layer in enumerate(network.stack)
        for point in POINTS
    ]
    try:
        with torch.no_grad():
            for batch in batches:
                real = torch.from_numpy(batch.segments != PAD)
                network.hidden(*(torch.from_numpy(one) for one in (batch.ids, batch.positions, batch.segments)))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: best_scale(np.concatenate(values)) for name, values in seen.items()}
