"""From a trained model to its served form: an int8 image graph, and the projection over the text encoder."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..clip_folder import IMAGE, TEXT, write_config
from ..encoder import EncoderId
from ..preprocess import Preprocess
from .graphs import write_graph
from .pairs import Pair, opened

CALIBRATION = 256
"""Pictures whose activations set the scales of the int8 graph."""


def export(
    model: Any, folder: Path, *, name: str, pairs: Sequence[Pair], text: EncoderId, training: dict[str, Any]
) -> Preprocess:
    """Write ``image.onnx`` (int8), ``text.onnx`` and ``clip.json``.

    Weights are quantised per channel, activations with scales measured on training pictures and then fixed, so that a
    picture's vector does not depend on its batch.

    Args:
        model: of open_clip, its text projection linear over the text encoder ``text``.
        folder: where to; it is made.
        name: of the model.
        pairs: of the training, for the scales.
        text: the text encoder.
        training: settings, data and metrics, kept in ``clip.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    definition = preprocess_of(model)
    preprocess = Preprocess.of(definition)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        plain = Path(place) / "fp32.onnx"
        dimension = export_image(model, plain, preprocess)
        step = max(1, len(pairs) // CALIBRATION)
        quantise(plain, folder / IMAGE, preprocess, list(pairs)[::step][:CALIBRATION])
    _export_text(model.text.proj, folder / TEXT, dimension)
    write_config(folder, name=name, dimension=dimension, preprocess=definition, text=text, training=training)
    return preprocess


def preprocess_of(model: Any) -> dict[str, Any]:
    """A model's own definition of its preprocessing, as JSON."""
    found = dict(model.visual.preprocess_cfg)
    size = found["size"]
    height, width = (size, size) if isinstance(size, int) else size
    return {**found, "size": [int(height), int(width)], "mean": list(found["mean"]), "std": list(found["std"])}


def export_image(model: Any, path: Path, preprocess: Preprocess) -> int:
    """Write the image tower as it is, in fp32; returns the dimension of its vectors."""
    height, width = preprocess.size
    example = torch.zeros(1, 3, height, width)
    with torch.inference_mode():
        dimension = int(model.visual(example).shape[-1])
    write_graph(model.visual, example, path, given="pixels")
    return dimension


def _export_text(projection: nn.Linear, path: Path, dimension: int) -> None:
    assert projection.out_features == dimension
    write_graph(projection, torch.zeros(1, projection.in_features), path, given="vector")


def quantise(plain: Path, path: Path, preprocess: Preprocess, pairs: Sequence[Pair]) -> None:
    """Write an int8 graph of an fp32 one."""
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_static as quantize
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._rows: Iterator[dict[str, Any]] = (
                {"pixels": preprocess.pixels(opened(pair.picture))[None].astype(np.float32)} for pair in pairs
            )

        def get_next(self) -> dict[str, Any] | None:
            return next(self._rows, None)

    ready = plain.with_name("ready.onnx")
    quieted = logging.getLogger()
    level = quieted.level
    quieted.setLevel(logging.ERROR)
    try:
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        quantize(
            str(ready),
            str(path),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    finally:
        quieted.setLevel(level)
