"""Training by steps, with looks at held-out data, checkpoints and interruption: what every such run does alike."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..errors import TrainingDataError
from . import checkpoint
from .parallel import Group

LAST_SHARE = 0.02
"""Of the learning rate, at the last step."""


class Loop(ABC):
    """State of one run.

    A look measures the model on held-out data, keeps the best state and is followed by a checkpoint; so is an
    interruption. A run that finds a checkpoint of its own settings, start and data goes on from it to the same result,
    for what a step draws depends on the seed and the step only.

    Args:
        model: is trained in place.
        steps: how many there are.
        evaluate_every: steps between looks.
        folder: where the checkpoint lies; ``None`` keeps none.
        identity: what the run is, so that a checkpoint of another one is not taken for its own.
    """

    kept: ClassVar[tuple[str, ...]] = ()
    """Attributes that a checkpoint's note holds beside the step and the seconds; JSON values."""

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        steps: int,
        evaluate_every: int,
        folder: Path | None,
        identity: Mapping[str, object],
    ) -> None:
        self.model, self.steps, self.folder, self.identity = model, steps, folder, identity
        self.evaluate_every = evaluate_every
        self.group = Group()
        self.step, self.seconds = 0, 0.0
        self.best_state: dict[str, Tensor] = {}
        self.optimiser: torch.optim.Optimizer

    @property
    @abstractmethod
    def looked(self) -> bool:
        """Whether the start was measured."""

    @abstractmethod
    def advance(self) -> tuple[float, float]:
        """One step: its loss, and the norm of its gradient."""

    @abstractmethod
    def look(self, loss: float, norm: float) -> None:
        """Measure on held-out data, keep the best state, and say so."""

    @abstractmethod
    def say(self, loss: float, norm: float) -> None:
        """Report a step after which nothing was measured."""

    @abstractmethod
    def finish(self) -> None:
        """The best state, made ready."""

    @property
    def going(self) -> bool:
        """Whether another step follows."""
        return self.step < self.steps

    @property
    def looks(self) -> bool:
        """Whether this step is followed by a look."""
        return self.step == self.steps or self.step % self.evaluate_every == 0

    def extra(self) -> Mapping[str, Tensor]:
        """Tensors of the state beside the model's, the best's and the optimiser's."""
        return {}

    def take_extra(self, tensors: Mapping[str, Tensor]) -> None:  # noqa: B027 - most runs keep nothing more
        """Take back what :meth:`extra` gave."""

    def go(self) -> None:
        """Run to the end, from the checkpoint where there is one.

        Raises:
            TrainingDataError: the gradient is lost.
            CheckpointError: the checkpoint belongs to another run, or cannot be written.
        """
        self._resume()
        if not self.looked:
            self.look(0.0, 0.0)
        started = time.monotonic() - self.seconds
        try:
            while self.going:
                loss, norm = self.advance()
                self.step += 1
                self.seconds = time.monotonic() - started
                if self.looks:
                    self.look(loss, norm)
                    self._checkpoint()
                else:
                    self.say(loss, norm)
        except KeyboardInterrupt:
            self._checkpoint()
            raise
        self.finish()

    def set_rates(self, rates: Iterable[float], warmup: float) -> None:
        """Linear warm-up over a share of the steps, then linear decay."""
        share = min((self.step + 1) / max(self.steps * warmup, 1), 1.0)
        share *= max(1.0 - self.step / self.steps, LAST_SHARE)
        for group, rate in zip(self.optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share

    def descend(self, loss: Tensor) -> float:
        """One step of the optimiser down the gradient, which is cut to norm 1; returns the norm before."""
        self.optimiser.zero_grad()
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
        self.group.add_gradients(self.model.parameters())
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not torch.isfinite(norm):
            raise TrainingDataError(f"step {self.step}: the gradient is not finite; lower the learning rates")
        self.optimiser.step()
        return float(norm)

    def keep_best(self) -> None:
        """This is the best state so far."""
        self.best_state = copied(self.model)

    def _checkpoint(self) -> None:
        if self.folder is None:
            return
        if self.group.is_first:
            tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
            tensors |= {f"best.{name}": tensor for name, tensor in self.best_state.items()}
            tensors |= {f"extra.{name}": tensor for name, tensor in self.extra().items()}
            tensors |= checkpoint.optimiser_tensors(self.optimiser.state_dict())
            note: dict[str, Any] = {name: getattr(self, name) for name in ("step", "seconds", *self.kept)}
            checkpoint.write(self.folder, tensors, note | {"identity": self.identity})
        self.group.wait()

    def _resume(self) -> None:
        found = checkpoint.read(self.folder) if self.folder else None
        if found is None:
            return
        tensors, note = found
        checkpoint.require_same(self.folder, note, self.identity)
        self.model.load_state_dict(checkpoint.part(tensors, "model."))
        self.best_state = checkpoint.part(tensors, "best.")
        self.take_extra(checkpoint.part(tensors, "extra."))
        self.optimiser.load_state_dict(checkpoint.restore_optimiser(self.optimiser.state_dict(), tensors))
        for name in ("step", "seconds", *self.kept):
            setattr(self, name, note[name])


def copied(model: torch.nn.Module) -> dict[str, Tensor]:
    """The model's weights as they stand."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
