"""The network of the sequence model, and its graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from onnx import TensorProto
from torch import Tensor, nn
from torch.nn.functional import gelu

from .export import Graph, numpy_of


class SequenceNetwork(nn.Module):
    """One block of causal self-attention over item vectors (SASRec with one layer and one head, normalised first).

    Args:
        items: how many there are; they are numbered from 1, 0 pads.
        width: of the vectors.
        length: of the longest sequence.
        dropout: while training.
    """

    def __init__(self, items: int, width: int, length: int, dropout: float) -> None:
        super().__init__()
        self.width, self.length = width, length
        self.item = nn.Embedding(items + 1, width, padding_idx=0)
        nn.init.normal_(self.item.weight, std=width**-0.5)
        with torch.no_grad():
            self.item.weight[0].zero_()
        self.bias = nn.Parameter(torch.zeros(items + 1))
        self.position = nn.Parameter(0.02 * torch.randn(length, width))
        self.before, self.middle, self.after = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, items: Tensor) -> Tensor:
        """Numbers (sequences, places), padded on the left, to states (sequences, places, width)."""
        places = items.shape[1]
        state = self.dropout(self.item(items) + self.position[self.length - places :])
        normal = self.before(state)
        closed = torch.triu(torch.ones(places, places, dtype=torch.bool), 1)[None] | (items == 0)[:, None, :]
        # A padded place attends to itself, so that its row is not empty; nobody reads it.
        closed = closed & ~torch.eye(places, dtype=torch.bool)[None]
        scores = self.query(normal) @ self.key(normal).transpose(1, 2) * self.width**-0.5
        weights = torch.softmax(scores.masked_fill(closed, float("-inf")), dim=-1)
        state = state + self.dropout(self.out(weights @ self.value(normal)))
        inner = gelu(self.up(self.middle(state)))
        state = state + self.dropout(self.down(inner))
        result: Tensor = self.after(state)
        return result

    def table(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """The items' vectors and, as the last column, their biases; shape (items, width + 1)."""
        return np.concatenate([numpy_of(self.item.weight)[1:], numpy_of(self.bias)[1:, None]], axis=1)


def export(network: SequenceNetwork, path: Path) -> None:
    """Write ``sequence.onnx``: float32 ``vectors`` (1, places, width) of the latest items -> the state (1, width).

    Only the last place is asked, and it may see all others: no mask is needed.
    """
    graph = Graph()
    places = graph.add("Gather", graph.add("Shape", "vectors"), graph.constant(np.array([1], np.int64)))
    rows = graph.add(
        "Slice",
        graph.weight(numpy_of(network.position)),
        graph.add("Neg", places),
        graph.constant(np.array([network.length], np.int64)),
        graph.constant(np.array([0], np.int64)),
    )
    every = graph.add("Add", "vectors", rows)
    last = graph.add("Slice", every, *(graph.constant(np.array([n], np.int64)) for n in (-1, 2**31, 1)))
    normal = _normal(graph, every, network.before)
    asking = _linear(graph, _normal(graph, last, network.before), network.query)
    keys = graph.add("Transpose", _linear(graph, normal, network.key), perm=[0, 2, 1])
    scale = graph.constant(np.array(network.width**-0.5, np.float32))
    weights = graph.add("Softmax", graph.add("Mul", graph.add("MatMul", asking, keys), scale), axis=-1)
    read = graph.add("MatMul", weights, _linear(graph, normal, network.value))
    state = graph.add("Add", last, _linear(graph, read, network.out))
    inner = graph.add("Gelu", _linear(graph, _normal(graph, state, network.middle), network.up))
    state = graph.add("Add", state, _linear(graph, inner, network.down))
    output = graph.add("Squeeze", _normal(graph, state, network.after), graph.constant(np.array([1], np.int64)))
    shape: list[str | int] = [1, "places", network.width]
    graph.save(path, {"vectors": (TensorProto.FLOAT, shape)}, {"out": (output, [1, network.width])})


def _linear(graph: Graph, tensor: str, layer: nn.Linear) -> str:
    return graph.linear(tensor, numpy_of(layer.weight), numpy_of(layer.bias), int8=False)


def _normal(graph: Graph, tensor: str, layer: nn.LayerNorm) -> str:
    weights = graph.weight(numpy_of(layer.weight)), graph.weight(numpy_of(layer.bias))
    return graph.add("LayerNormalization", tensor, *weights, epsilon=float(layer.eps), axis=-1)
