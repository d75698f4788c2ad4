"""Several processes that train one model on the same machine or on many (``torchrun``, gloo)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import distributed
from torch.nn import Parameter


class Group:
    """The processes of a run; one alone where none were started together."""

    def __init__(self) -> None:
        together = distributed.is_available() and distributed.is_initialized()
        self.rank = distributed.get_rank() if together else 0
        self.size = distributed.get_world_size() if together else 1

    @property
    def is_first(self) -> bool:
        """Whether this process reports and writes."""
        return self.rank == 0

    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Sum gradients over the processes. A process without a share of the step adds zeros."""
        if self.size == 1:
            return
        trained = [value for value in parameters if value.requires_grad]
        for value in trained:
            if value.grad is None:
                value.grad = torch.zeros_like(value)
        flat = torch.cat([value.grad.flatten() for value in trained if value.grad is not None])
        distributed.all_reduce(flat)
        start = 0
        for value in trained:
            value.grad = flat[start : start + value.numel()].view_as(value).clone()
            start += value.numel()

    def sum(self, value: float) -> float:
        """The sum of a number over the processes."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total)
        return float(total)

    def gathered(self, values: list[Any], count: int) -> list[Any]:
        """Put together what each process made of ``items[rank::size]``, in the order of the ``count`` items."""
        if self.size == 1:
            return values
        parts: list[Any] = [None] * self.size
        distributed.all_gather_object(parts, values)
        return [parts[number % self.size][number // self.size] for number in range(count)]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            distributed.barrier()
