"""Bottleneck adapters beside the feed-forward network, which merge into it exactly.

The parallel adapter (He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR 2022) adds
``up(gelu(down(x)))`` to the feed-forward network's own ``W2 gelu(W1 x)``. With the same activation the sum is one
feed-forward network whose inner width is larger by the adapter's, so nothing of it is left in the model that is saved.
The projection back starts at zero: before training the model is what it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from .network import Layer, PairNetwork


class _In(nn.Module):
    """The feed-forward network's first projection, the adapter's beside it."""

    def __init__(self, base: nn.Linear, width: int) -> None:
        super().__init__()
        self.base, self.adapter = base, nn.Linear(base.in_features, width)

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.cat([self.base(hidden), self.adapter(hidden)], -1)


class _Out(nn.Module):
    """The second projection of both, added."""

    def __init__(self, base: nn.Linear, width: int) -> None:
        super().__init__()
        self.base, self.adapter = base, nn.Linear(width, base.out_features, bias=False)
        nn.init.zeros_(self.adapter.weight)

    def forward(self, inner: Tensor) -> Tensor:
        own = self.base.in_features
        result: Tensor = self.base(inner[..., :own]) + self.adapter(inner[..., own:])
        return result


def add_bottlenecks(network: PairNetwork, width: int) -> list[nn.Parameter]:
    """Put an adapter of ``width`` into every layer; returns what is to be trained."""
    found: list[nn.Parameter] = []
    for module in network.stack:
        layer = cast(Layer, module)
        entry, leave = _In(layer.up, width), _Out(layer.down, width)
        layer.up, layer.down = cast(nn.Linear, entry), cast(nn.Linear, leave)
        found += [*entry.adapter.parameters(), *leave.adapter.parameters()]
    return found


def merge_bottlenecks(network: PairNetwork) -> None:
    """Make each adapter a part of its layer's feed-forward network, and say so in the network's shape."""
    width = 0
    for module in network.stack:
        layer = cast(Layer, module)
        entry, leave = cast(_In, layer.up), cast(_Out, layer.down)
        width = entry.adapter.out_features
        up = nn.Linear(entry.base.in_features, entry.base.out_features + width)
        down = nn.Linear(leave.base.in_features + width, leave.base.out_features)
        with torch.no_grad():
            up.weight.copy_(torch.cat([entry.base.weight, entry.adapter.weight]))
            up.bias.copy_(torch.cat([entry.base.bias, entry.adapter.bias]))
            down.weight.copy_(torch.cat([leave.base.weight, leave.adapter.weight], 1))
            down.bias.copy_(leave.base.bias)
        layer.up, layer.down = up, down
    network.shape = replace(network.shape, inner=network.shape.inner + width)
