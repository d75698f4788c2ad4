"""Put the head of a model folder back to its priors, the pair network as it is: how the shipped head was made.

``python -m benchmarks.prior_head FOLDER [--trust 0] [--level 0] [--depth 2]``. ``--trust`` is added to the gate's
logit: of the eighth that an untrained reading is trusted where BM25 and a text vector are known, 2 makes a half and 4
nearly the whole. ``--level`` is what a reading typically comes to and is taken off, so that being read moves nothing by
itself. ``--depth`` says how many of a window's best are read. A release whose features differ from the folder's needs
this, or training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ranker.folder import READ, ModelConfig, write_config
from ranker.signals import FEATURES
from ranker.training.export import export_head
from ranker.training.head import Head

WIDTH = 384


def main(folder: Path, *, trust: float = 0.0, level: float = 0.0, depth: int = READ) -> None:
    """Write ``head.onnx`` and the features, depth and digests of ``config.json``."""
    torch.manual_seed(7)
    config = ModelConfig.model_validate_json((folder / "config.json").read_text("utf-8"))
    head = Head(config.outputs, WIDTH).eval()
    with torch.no_grad():
        head.trust.bias.add_(trust)
        head.text.bias.sub_(level)
    export_head(head, folder / "head.onnx")
    write_config(folder, config.model_copy(update={"features": list(FEATURES), "depth": depth}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trust", type=float, default=0.0)
    parser.add_argument("--level", type=float, default=0.0)
    parser.add_argument("--depth", type=int, default=READ)
    given = parser.parse_args()
    main(given.folder, trust=given.trust, level=given.level, depth=given.depth)
