"""Let the graph of a served folder read each text alone: how the shipped form was made.

``python -m benchmarks.late_form FOLDER``. The cross-segment biases of its layers are closed, and the graph gives its
last states and its tokens' weights beside the vector, as ``ranker.training.export`` writes them. Nothing is trained,
and the weights stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ranker.folder import read_config, write_config
from ranker.training.export import CLOSED

HEADS = 12


def main(folder: Path) -> None:
    """Write ``pair.onnx`` and ``config.json`` anew."""
    config = read_config(folder)
    if config.late_interaction:
        sys.exit(f"{folder}: reads each text alone already")
    model = onnx.load(str(folder / "pair.onnx"))
    graph = model.graph
    for weight in graph.initializer:
        if list(weight.dims) == [1, HEADS, 1, 1]:
            weight.CopyFrom(numpy_helper.from_array(np.full((1, HEADS, 1, 1), CLOSED, np.float32), weight.name))
    made = {name: node for node in graph.node for name in node.output}
    softmax = next(node for node in graph.node if node.op_type == "Softmax")
    weights = made[softmax.input[0]].input[1]
    states = made[made[made[weights].input[0]].input[0]].input[0]
    width = (config.outputs - 3) // 2
    for name, tensor, dims in (("states", states, [width]), ("weights", weights, [])):
        graph.node.append(helper.make_node("Identity", [tensor], [name]))
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["pairs", "width", *dims]))
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "pair.onnx"))
    write_config(folder, config.model_copy(update={"late_interaction": True}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.late_form FOLDER")
    main(Path(sys.argv[1]))
