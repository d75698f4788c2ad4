"""A head trained on top of a folder that is served: no weights of the transformer are needed, for its own graph reads
the pairs, and that graph goes into the new folder as it is. So the head learns from the very vectors that it will get.
"""

from __future__ import annotations

import itertools
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from ..errors import ModelError
from ..folder import ModelConfig, read_config, write_config
from ..model import Ranker
from ..people import TrainedOn
from ..tokens import PairBatch
from .export import export_head
from .finetune import FusedRanker
from .head import Head

TOLERANCE = 1e-4


class ServedNetwork(nn.Module):
    """The transformer of a served folder, read by its own graph: frozen, without gradients.

    Args:
        ranker: of the folder.
    """

    def __init__(self, ranker: Ranker) -> None:
        super().__init__()
        self._ranker = ranker
        self.outputs = ranker.config.outputs
        # What methods of fine-tuning name in a network; of a frozen one none is trained.
        self.across = nn.Parameter(torch.zeros(1, 1), requires_grad=False)
        self.stack = nn.ModuleList()

    def forward(self, ids: Tensor, positions: Tensor, segments: Tensor) -> Tensor:
        """Token ids, positions and segments, int64 (pairs, width), to vectors (pairs, outputs)."""
        batch = PairBatch(ids.numpy(), positions.numpy(), segments.numpy(), np.arange(len(ids)))
        return torch.from_numpy(self._ranker.read_batch(batch))


def load_served(folder: Path, *, threads: int = 1) -> FusedRanker:
    """A served folder as a model whose head can be trained.

    Raises:
        ModelError: the folder is damaged, or its head is of another make than this release's.
    """
    ranker = Ranker(folder, threads=threads, remembered=0)
    head = load_head(folder, ranker.config)
    return FusedRanker(ServedNetwork(ranker), head)  # type: ignore[arg-type]


def load_head(folder: Path, config: ModelConfig) -> Head:
    """The head of a folder from the weights in ``head.onnx``, held against what the graph itself computes.

    Raises:
        ModelError: the graph is of another make.
    """
    weights = [numpy_helper.to_array(one) for one in onnx.load(str(folder / "head.onnx")).graph.initializer]
    # A linear map is written as its matrix and, next, its bias; a factor stands between two of them.
    pairs = [(one, after) for one, after in itertools.pairwise(weights) if one.ndim == 2]
    try:
        mix = pairs[2][0]
        # Where a new head would find the token-level matches is of no matter: its weights are replaced.
        head = Head(config.outputs, 0, hidden=mix.shape[1], inputs=len(config.features))
        parts = (head.text, head.squeeze, head.mix, head.trust, head.direct, head.correction)
        with torch.no_grad():
            for part, (matrix, bias) in zip(parts, pairs, strict=True):
                part.weight.copy_(torch.from_numpy(matrix.T.copy()))
                part.bias.copy_(torch.from_numpy(bias.copy()))
    except (ValueError, RuntimeError, IndexError) as error:
        raise ModelError(f"model: {folder}/head.onnx is of another make than this release's heads") from error
    _require_same(folder, head, config)
    return head


def _require_same(folder: Path, head: Head, config: ModelConfig) -> None:
    dice = np.random.default_rng(7)
    vectors = dice.normal(size=(16, config.outputs)).astype(np.float32)
    known = (dice.random(16) < 0.5).astype(bool)
    matrix = dice.random((16, len(config.features))).astype(np.float32)
    head.eval()
    with torch.no_grad():
        ours = head(
            torch.from_numpy(vectors), torch.from_numpy(known.astype(np.float32))[:, None], torch.from_numpy(matrix)
        )
    theirs = Ranker(folder, threads=1, remembered=0).logits(vectors, known, matrix)
    if not np.allclose(ours.numpy(), theirs, atol=TOLERANCE):
        raise ModelError(f"model: {folder}/head.onnx computes something else than this release's heads")


def save_served(
    model: FusedRanker,
    start: Path,
    folder: Path,
    *,
    name: str,
    training: dict[str, Any],
    card: str,
    people: TrainedOn | None,
) -> None:
    """Write a model folder of a new head over the graph, tokenizer and lengths of ``start``.

    Args:
        model: of :func:`load_served`, trained.
        start: the folder that it came from.
        folder: where to write.
        name: the model's name.
        training: settings, data and metrics, kept in ``config.json``.
        card: the model card, in Markdown.
        people: whose behaviour it learnt from, those of ``start`` included; ``None`` where nobody's.

    Raises:
        ModelError: ``start`` is damaged.
    """
    config = read_config(start)
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("pair.onnx", "tokenizer.json"):
        shutil.copyfile(start / file, folder / file)
    model.eval()
    export_head(model.head, folder / "head.onnx")
    (folder / "README.md").write_text(card, "utf-8")
    made = {"made": time.strftime("%Y-%m-%d"), **training}
    write_config(folder, config.model_copy(update={"name": name, "training": made, "people": people}))
