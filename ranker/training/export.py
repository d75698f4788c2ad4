"""From trained networks to the two graphs that are served.

The graphs are written operator by operator rather than traced: the fused operators of ONNX Runtime
(``MultiHeadAttention`` with a bias, ``MatMulIntegerToFloat``) and the quantisation by rows have no counterpart in
torch, and a tracer would leave their fusion to pattern matching.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..tokens import PAD, PASSAGE, QUERY
from .calibrate import POINTS, Scales
from .head import Head
from .network import Layer, PairNetwork
from .quantise import per_row

CONTRIB = "com.microsoft"
CLOSED = -1e9
ZERO_POINT = np.array(128, np.uint8)


class Graph:
    """Collects nodes and weights of one graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._count = 0
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._quantised: dict[str, tuple[str, str]] = {}
        self._zeros: str | None = None

    def weight(self, value: NDArray[Any]) -> str:
        """Add a constant."""
        self._count += 1
        name = f"w{self._count}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """Add a node and name its first output; further outputs are that name with ``.1``, ``.2``."""
        self._count += 1
        name = f"t{self._count}"
        names = [name, *(f"{name}.{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return name

    def linear(
        self,
        tensor: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None = None,
        *,
        int8: bool,
        scale: float | None = None,
    ) -> str:
        """``tensor @ weight.T + bias``; ``weight`` has shape (outputs, inputs). In int8 the tensor has shape (rows,
        inputs), and ``scale`` is its own where that is fixed. Without a ``bias`` whatever reads the product adds it."""
        product = self._product(tensor, weight, int8=int8, scale=scale)
        return product if bias is None else self.add("Add", product, self.weight(bias))

    def _product(self, tensor: str, weight: NDArray[np.float32], *, int8: bool, scale: float | None) -> str:
        if not int8:
            return self.add("MatMul", tensor, self.weight(weight.T))
        values, scales = per_row(weight)
        columns, zero = self.weight(scales[:, 0]), self.constant(ZERO_POINT)
        if scale is not None:
            fixed = self.constant(np.array(scale, np.float32))
            rows = self.add("QuantizeLinear", tensor, fixed, zero)
            return self.add("MatMulIntegerToFloat", rows, self.weight(values.T), fixed, columns, zero, domain=CONTRIB)
        rows, own = self.quantised(tensor)
        one = self.constant(np.array(1.0, np.float32))
        product = self.add("MatMulIntegerToFloat", rows, self.weight(values.T), one, columns, zero, domain=CONTRIB)
        return self.add("Mul", product, own)

    def constant(self, value: NDArray[Any]) -> str:
        """A small constant, added once however often it is asked for."""
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._constants:
            self._constants[key] = self.weight(value)
        return self._constants[key]

    def quantised(self, tensor: str) -> tuple[str, str]:
        """Quantise each row of a tensor (rows, width) to uint8 around 128, with a scale of its own; once for all that
        read it."""
        if tensor not in self._quantised:
            last = self.constant(np.array([-1], np.int64))
            largest = self.add("ReduceMax", self.add("Abs", tensor), last, keepdims=1)
            floor = self.add("Max", largest, self.constant(np.array(1e-8, np.float32)))
            own = self.add("Mul", floor, self.constant(np.array(1 / 127, np.float32)))
            flat = self.add("Reshape", own, last)
            self._quantised[tensor] = self.add("QuantizeLinear", tensor, flat, self.zeros(), axis=0), own
        return self._quantised[tensor]

    def zeros(self) -> str:
        """The zero point of each row of what ``ids`` brings, one a token."""
        if self._zeros is None:
            tokens = self.add("Reshape", "ids", self.constant(np.array([-1], np.int64)))
            self._zeros = self.add("Expand", self.constant(ZERO_POINT), self.add("Shape", tokens))
        return self._zeros

    def save(
        self,
        path: Path,
        inputs: Mapping[str, tuple[int, list[str | int]]],
        outputs: Mapping[str, tuple[str, list[str | int]]],
    ) -> None:
        """Check and write the graph; ``outputs`` are tensors and their shapes by the name that they get."""
        self.nodes += [helper.make_node("Identity", [tensor], [name]) for name, (tensor, _) in outputs.items()]
        graph = helper.make_graph(
            self.nodes,
            path.stem,
            [helper.make_tensor_value_info(name, kind, dims) for name, (kind, dims) in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, (_, dims) in outputs.items()],
            self.weights,
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="hybridrank")
        model.ir_version = 10
        onnx.save(model, str(path))


def numpy_of(tensor: Any) -> NDArray[np.float32]:
    """A parameter's values as float32."""
    value: NDArray[np.float32] = tensor.detach().cpu().float().numpy()
    return value


def export_pair(
    network: PairNetwork, path: Path, *, int8: bool = True, longest: int = 128, scales: Scales | None = None
) -> None:
    """Write ``pair.onnx``: ids, positions, segments, int64 (pairs, width) -> float32 (pairs, outputs).

    Of a network that reads each text alone the graph also gives its last states (pairs, width, features) and how much
    each token counts where it is a query's (pairs, width), so it may be given one text in place of two.

    Args:
        int8: whether weights and activations are 8-bit numbers.
        longest: positions that a segment has at most.
        scales: of the activations; ``None`` gives each row its own as the graph runs.
    """
    graph = Graph()
    state = _embedded(graph, network, int8=int8, longest=longest)
    alone, other, pad = _masks(graph)
    # Texts one below the other, but for attention: so each token is a row.
    texts = graph.add("Concat", graph.add("Shape", "ids"), graph.constant(np.array([-1], np.int64)), axis=0)
    state = _flat(graph, state, network.shape.width)
    for number, module in enumerate(network.stack):
        assert isinstance(module, Layer)
        bias = alone
        if number >= network.shape.apart:
            across = numpy_of(network.across[number - network.shape.apart])[None, :, None, None]
            bias = graph.add("Add", graph.add("Mul", other, graph.weight(across)), pad)
        fixed = {point: scales[f"{number}.{point}"] for point in POINTS} if scales else {}
        state = _layer(graph, module, state, bias, texts, int8=int8, scales=fixed)
    state = graph.add("Reshape", state, texts)
    output, weight = _pooled(graph, network, state)
    names: list[str | int] = ["pairs", "width"]
    outputs: dict[str, tuple[str, list[str | int]]] = {"out": (output, ["pairs", network.outputs])}
    if network.shape.late_interaction:
        outputs |= {"states": (state, [*names, network.shape.width]), "weights": (weight, names)}
    kinds = dict.fromkeys(("ids", "positions", "segments"), (TensorProto.INT64, names))
    graph.save(path, kinds, outputs)


def _embedded(graph: Graph, network: PairNetwork, *, int8: bool, longest: int) -> str:
    table = numpy_of(network.words.weight)
    if int8:
        values, scales = per_row(table)
        rows = graph.add("Cast", graph.add("Gather", graph.weight(values), "ids"), to=TensorProto.FLOAT)
        word = graph.add("Mul", rows, graph.add("Gather", graph.weight(scales), "ids"))
    else:
        word = graph.add("Gather", graph.weight(table), "ids")
    # The kind of segment is the same for every token, so it is folded into the positions.
    places = numpy_of(network.places.weight)[:longest] + numpy_of(network.kind)
    place = graph.add("Gather", graph.weight(places), "positions")
    return _norm(graph, network.norm, word, place)


def _flat(graph: Graph, tensor: str, width: int) -> str:
    """(pairs, width, features) as (tokens, features)."""
    return graph.add("Reshape", tensor, graph.constant(np.array([-1, width], np.int64)))


def _masks(graph: Graph) -> tuple[str, str, str]:
    """Attention biases (pairs, 1, width, width): each segment alone; 1 where the other segment is; closed padding."""
    rows = graph.add("Unsqueeze", "segments", graph.weight(np.array([1, 3], np.int64)))
    columns = graph.add("Unsqueeze", "segments", graph.weight(np.array([1, 2], np.int64)))
    same = graph.add("Equal", rows, columns)
    zero, one, closed = (graph.weight(np.array(value, np.float32)) for value in (0.0, 1.0, CLOSED))
    padded = graph.add("Equal", columns, graph.weight(np.array(PAD, np.int64)))
    pad = graph.add("Where", padded, closed, zero)
    other = graph.add("Where", same, zero, one)
    alone = graph.add("Add", graph.add("Where", same, zero, closed), pad)
    return alone, other, pad


def _layer(graph: Graph, layer: Layer, state: str, bias: str, texts: str, *, int8: bool, scales: Scales) -> str:
    """One layer over (tokens, features); ``texts`` is the shape of what attention looks at."""
    parts = [layer.query, layer.key, layer.value]
    weight = np.concatenate([numpy_of(part.weight) for part in parts])
    offset = np.concatenate([numpy_of(part.bias) for part in parts])
    joined = graph.add("Reshape", graph.linear(state, weight, int8=int8, scale=scales.get("query")), texts)
    first = graph.add("Split", joined, outputs=3, axis=-1, num_outputs=3)
    heads = (first, f"{first}.1", f"{first}.2", graph.weight(offset), "", bias)
    looked = graph.add("MultiHeadAttention", *heads, domain=CONTRIB, num_heads=layer.heads)
    context = _flat(graph, looked, layer.out.in_features)

    def mapped(tensor: str, part: Any, point: str) -> str:
        return graph.linear(tensor, numpy_of(part.weight), numpy_of(part.bias), int8=int8, scale=scales.get(point))

    state = _norm(graph, layer.norm1, mapped(context, layer.out, "out"), state)
    inner = graph.linear(state, numpy_of(layer.up.weight), int8=int8, scale=scales.get("up"))
    up = graph.add("BiasGelu", inner, graph.weight(numpy_of(layer.up.bias)), domain=CONTRIB)
    return _norm(graph, layer.norm2, mapped(up, layer.down, "down"), state)


def _norm(graph: Graph, norm: Any, tensor: str, skip: str) -> str:
    """Two operators, for ``SkipLayerNormalization`` takes six times as long as both on a processor with AVX-512."""
    weight, bias = graph.weight(numpy_of(norm.weight)), graph.weight(numpy_of(norm.bias))
    return graph.add("LayerNormalization", graph.add("Add", tensor, skip), weight, bias, axis=-1, epsilon=1e-12)


def _pooled(graph: Graph, network: PairNetwork, state: str) -> tuple[str, str]:
    """The same pooling as :meth:`PairNetwork.forward`, and how much each token counts."""
    last = graph.weight(np.array([-1], np.int64))
    tiny = graph.weight(np.array(1e-12, np.float32))
    flags = {}
    for name, segment in {"query": QUERY, "passage": PASSAGE}.items():
        found = graph.add("Equal", "segments", graph.weight(np.array(segment, np.int64)))
        flags[name] = graph.add("Cast", found, to=TensorProto.FLOAT)

    def summed(flag: str) -> str:
        row = graph.add("Unsqueeze", flag, graph.weight(np.array([1], np.int64)))
        return graph.add("Squeeze", graph.add("MatMul", row, state), graph.weight(np.array([1], np.int64)))

    def unit(tensor: str) -> str:
        length = graph.add("ReduceL2", tensor, last, keepdims=1)
        return graph.add("Div", tensor, graph.add("Max", length, tiny))

    def total(tensor: str) -> str:
        return graph.add("ReduceSum", tensor, last, keepdims=1)

    product = graph.add("Mul", unit(summed(flags["query"])), unit(summed(flags["passage"])))
    tokens = unit(state)
    likeness = graph.add("MatMul", tokens, graph.add("Transpose", tokens, perm=[0, 2, 1]))
    minus = graph.weight(np.array(-1.0, np.float32))
    passage = graph.add("Cast", flags["passage"], to=TensorProto.BOOL)
    there = graph.add("Unsqueeze", passage, graph.weight(np.array([1], np.int64)))
    best = graph.add("ReduceMax", graph.add("Where", there, likeness, minus), last, keepdims=0)
    score = graph.linear(state, numpy_of(network.weight.weight), numpy_of(network.weight.bias), int8=False)
    asked = graph.add("Cast", flags["query"], to=TensorProto.BOOL)
    counts = graph.add("Squeeze", score, last)
    masked = graph.add("Where", asked, counts, graph.weight(np.array(-1e4, np.float32)))
    importance = graph.add("Softmax", masked, axis=-1)
    mean = graph.add("Div", total(graph.add("Mul", best, flags["query"])), total(flags["query"]))
    weighted = total(graph.add("Mul", best, importance))
    real = graph.add("Add", flags["query"], flags["passage"])
    joint = graph.add("Div", summed(real), total(real))
    scaled = graph.add("Mul", product, graph.weight(np.array(network.shape.width**0.5, np.float32)))
    return graph.add("Concat", scaled, total(product), mean, weighted, joint, axis=-1), counts


def export_head(head: Head, path: Path) -> None:
    """Write ``head.onnx``: vector (items, outputs), known_text (items, 1), features (items, features) -> (items, 1)."""
    graph = Graph()
    output = head.write(graph)
    sizes = {"vector": head.outputs, "known_text": 1, "features": head.inputs}
    inputs: dict[str, tuple[int, list[str | int]]] = {
        name: (TensorProto.FLOAT, ["items", size]) for name, size in sizes.items()
    }
    graph.save(path, inputs, {"out": (output, ["items", 1])})
