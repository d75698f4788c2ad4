"""Let the graph of a served folder read each text alone, in this release's operators: how the shipped form was made.

``python -m benchmarks.late_form FOLDER``. The biases across of its ``model.safetensors`` are closed; nothing is
trained. A folder that has only what is served, and reads so already, gets its graph anew: the weights are read out of
it, where they stand in 8 bits with a scale a row, and written by ``ranker.training.export``, the same numbers in other
operators. How far some pairs move is told.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import NodeProto, numpy_helper

from indexer import sample
from plugin.document import passage
from ranker.folder import read_config, write_config
from ranker.model import Ranker
from ranker.training.export import export_pair
from ranker.training.network import Layer, PairNetwork, PairShape
from ranker.training.save import WEIGHTS, load_trained

HEADS = 12
PAIRS = 64


@dataclass(frozen=True, slots=True)
class Linear:
    """One linear map: weight (outputs, inputs), bias (outputs,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def into(self, part: Any) -> None:
        """Put it into a layer of torch."""
        put(part.weight, self.weight)
        put(part.bias, self.bias)


def put(parameter: torch.Tensor, value: NDArray[Any]) -> None:
    """Set a parameter."""
    with torch.no_grad():
        parameter.copy_(torch.tensor(value))


class Read:
    """A graph from before this release, and what stands in it."""

    def __init__(self, path: Path) -> None:
        self.nodes = list(onnx.load(str(path)).graph.node)
        self.weights = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(path)).graph.initializer}
        self.readers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.readers[name].append(node)

    def of(self, operator: str) -> list[NodeProto]:
        """The nodes of a kind, in their order."""
        return [node for node in self.nodes if node.op_type == operator]

    def constant(self, node: NodeProto) -> NDArray[Any]:
        """What stands beside a tensor in a node of two inputs."""
        (value,) = (self.weights[name] for name in node.input if name in self.weights)
        return value

    def after(self, node: NodeProto) -> NodeProto:
        """The one node that reads another's result."""
        (found,) = self.readers[node.output[0]]
        return found

    def linear(self, node: NodeProto) -> Linear:
        """What a ``MatMulInteger`` and the four operators behind it compute."""
        columns = self.after(self.after(node))
        scales = self.constant(columns)
        weight = self.weights[node.input[1]].astype(np.float32).T * scales[:, None]
        return Linear(weight, self.constant(self.after(self.after(columns))))


def network_of(path: Path) -> PairNetwork:
    """The transformer whose graph stands in a file."""
    read = Read(path)
    values, scales, places = (read.weights[node.input[0]] for node in read.of("Gather"))
    linears = [read.linear(node) for node in read.of("MatMulInteger")]
    layers = len(linears) // 4
    inner, width = linears[2].weight.shape
    shape = PairShape(len(values), len(places), width, layers, HEADS, inner, apart=layers)
    network = PairNetwork(shape)
    put(network.words.weight, values.astype(np.float32) * scales)
    put(network.places.weight, places)
    norms = [[read.weights[name] for name in node.input[2:4]] for node in read.of("SkipLayerNormalization")]
    stack = [cast(Layer, layer) for layer in network.stack]
    for norm, (weight, bias) in zip(
        [network.norm, *(n for x in stack for n in (x.norm1, x.norm2))], norms, strict=True
    ):
        put(norm.weight, weight)
        put(norm.bias, bias)
    for number, layer in enumerate(stack):
        joined, out, up, down = linears[4 * number : 4 * number + 4]
        for place, part in enumerate((layer.query, layer.key, layer.value)):
            rows = slice(place * width, (place + 1) * width)
            Linear(joined.weight[rows], joined.bias[rows]).into(part)
        for one, part in ((out, layer.out), (up, layer.up), (down, layer.down)):
            one.into(part)
    (counts,) = (node for node in read.of("MatMul") if node.input[1] in read.weights)
    Linear(read.weights[counts.input[1]].T, read.constant(read.after(counts))).into(network.weight)
    return network


def closed(folder: Path, *, late: bool) -> PairNetwork:
    """A folder's transformer with no layer that looks across."""
    if (folder / WEIGHTS).is_file():
        network = load_trained(folder).network
        network.close()
        return network
    if not late:
        sys.exit(f"{folder}: without {WEIGHTS} only a graph that reads each text alone can be written anew")
    return network_of(folder / "pair.onnx")


def main(folder: Path) -> None:
    """Write ``pair.onnx`` and ``config.json`` anew."""
    config = read_config(folder)
    network = closed(folder, late=config.late_interaction)
    texts = [passage(product) for product in sample.generate(products=PAIRS)]
    with tempfile.TemporaryDirectory() as place:
        before = Path(shutil.copytree(folder, Path(place) / "before"))
        export_pair(network, folder / "pair.onnx", longest=max(config.query_tokens, config.passage_tokens))
        write_config(folder, config.model_copy(update={"late_interaction": True}))
        old, new = (Ranker(one, remembered=0).pair_vectors("black shoes", texts).vectors for one in (before, folder))
    print(f"{PAIRS} pairs differ by at most {np.abs(old - new).max():.4f}, on average {np.abs(old - new).mean():.6f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.shipped_form FOLDER")
    main(Path(sys.argv[1]))
