"""From a module of torch to an ONNX graph."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

OPSET = 17


def write_graph(module: nn.Module, example: torch.Tensor, path: Path, *, given: str, sizes_vary: bool = False) -> None:
    """Write a graph with one input and the output ``projected``, for any number of rows.

    Args:
        module: is put into evaluation mode.
        example: of its input.
        path: of the file.
        given: name of the input.
        sizes_vary: whether the third and fourth dimension may differ from the example's.
    """
    module.eval()
    free = {0: "n", 2: "height", 3: "width"} if sizes_vary else {0: "n"}
    with warnings.catch_warnings():
        # The exporter by tracing is the one whose graphs the quantiser folds batch norms in; it warns that it is old.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[given],
            output_names=["projected"],
            dynamic_axes={given: free, "projected": {0: "n"}},
        )
