"""What a shop adds to each signal by hand: weights put on the logit, beside what the model has learned.

As in ``ranker.blend`` a weight is what a signal adds to the logit when it goes from its lowest to its highest: for
:data:`ranker.fusion.NUDGES` from 0 to 1, for the others from the window's lowest to its highest. A signal that is not
known adds nothing, and neither does one that stands where the window's mean stands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .candidate import SIGNALS, Candidate
from .errors import ModelError
from .fusion import NEUTRAL, NUDGES, min_max, signal_matrix
from .signals import price_standing

LARGEST = 10.0
"""Beyond it a weight is a mistake: 10 in the logit is certainty."""

Weights = Mapping[str, float]


def standing(candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """How each candidate stands in each signal.

    Returns:
        shape ``(len(candidates), len(SIGNALS))``, -1 to 1, 0 where a signal is not known or says nothing.
    """
    raw = signal_matrix(candidates, SIGNALS)
    price = SIGNALS.index("price")
    raw[:, price] = price_standing(raw[:, price])
    scaled = min_max(raw)
    for column, name in enumerate(SIGNALS):
        known = ~np.isnan(raw[:, column])
        if name in NUDGES:
            scaled[:, column] = np.clip(raw[:, column], 0.0, 1.0) - NEUTRAL
        elif known.any():
            scaled[:, column] -= scaled[known, column].mean()
    return np.nan_to_num(scaled, nan=0.0)


def vector_of(weights: Weights) -> NDArray[np.float64]:
    """Weights in the order of :data:`ranker.candidate.SIGNALS`; 0 where one is not named."""
    return np.array([weights.get(name, 0.0) for name in SIGNALS])


def lifts(candidates: Sequence[Candidate], weights: Weights) -> NDArray[np.float64]:
    """What the weights add to each candidate's logit by signal, shape ``(len(candidates), len(SIGNALS))``."""
    if not any(weights.values()):
        return np.zeros((len(candidates), len(SIGNALS)))
    return standing(candidates) * vector_of(weights)


def checked(value: object, where: str = "weights") -> dict[str, float]:
    """Weights of a file or a request.

    Raises:
        ModelError: names the field at fault.
    """
    if not isinstance(value, dict):
        raise ModelError(f"{where}: expected an object of signal to number")
    for name, weight in value.items():
        if name not in SIGNALS:
            raise ModelError(f"{where}: unknown signal; known are {', '.join(SIGNALS)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise ModelError(f"{where}.{name}: must be a number")
        if abs(weight) > LARGEST:
            raise ModelError(f"{where}.{name}: must lie in {-LARGEST:g} to {LARGEST:g}")
    return {name: float(weight) for name, weight in value.items() if weight}


def read_weights(path: Path) -> dict[str, float]:
    """Read ``{"weights": {signal: number}}``.

    Raises:
        ModelError: the file is not of that form.
        OSError: it cannot be read.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{path}: is no JSON that can be read") from error
    if not isinstance(value, dict) or value.keys() != {"weights"}:
        raise ModelError(f"{path}: expected an object with weights and nothing else")
    return checked(value["weights"], f"{path}: weights")


def write_weights(path: Path, weights: Weights) -> None:
    """Write what :func:`read_weights` reads; the file appears only when it is whole."""
    part = path.with_name(f".part-{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps({"weights": checked(dict(weights))}, indent=2) + "\n", "utf-8")
    part.replace(path)
