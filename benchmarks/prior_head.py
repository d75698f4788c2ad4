"""Put the head of a model folder back to its priors, the pair network as it is: how the shipped head was made.

``python -m benchmarks.prior_head FOLDER``. A release whose features differ from the folder's needs this, or training.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from ranker.folder import ModelConfig, write_config
from ranker.signals import FEATURES
from ranker.training.export import export_head
from ranker.training.head import Head

WIDTH = 384


def main(folder: Path) -> None:
    """Write ``head.onnx`` and the features and digests of ``config.json``."""
    torch.manual_seed(7)
    config = ModelConfig.model_validate_json((folder / "config.json").read_text("utf-8"))
    export_head(Head(config.outputs, WIDTH).eval(), folder / "head.onnx")
    write_config(folder, config.model_copy(update={"features": list(FEATURES)}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.prior_head FOLDER")
    main(Path(sys.argv[1]))
