"""From a trained model to a model folder that is served."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ..errors import ModelError
from ..folder import READ, ModelConfig, write_config
from ..people import TrainedOn
from ..signals import FEATURES
from ..tokens import PairTokenizer
from .calibrate import Scales
from .export import export_head, export_pair
from .finetune import FusedRanker, new_head
from .network import PairNetwork, PairShape

WEIGHTS = "model.safetensors"


def save_model(
    model: FusedRanker,
    folder: Path,
    *,
    name: str,
    tokenizer: Path,
    lengths: PairTokenizer,
    training: dict[str, Any],
    card: str,
    int8: bool = True,
    scales: Scales | None = None,
    people: TrainedOn | None = None,
    depth: int = READ,
) -> None:
    """Write a model folder: weights, both graphs, tokenizer, configuration and card.

    Args:
        tokenizer: the ``tokenizer.json`` that it was trained with.
        lengths: how long its segments are.
        training: settings, data, seed and metrics, kept in ``config.json``.
        card: the model card, in Markdown.
        int8: whether the transformer's weights are served in 8 bits.
        scales: of its activations, where they are fixed.
        people: whose behaviour it learnt from; ``None`` where nobody's.
        depth: how many of a window's best it pays to read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    state = {name: value.detach().contiguous().clone() for name, value in model.state_dict().items()}
    shape = {name: str(value) for name, value in model.network.shape.as_dict().items()}
    save_file(state, folder / WEIGHTS, metadata=shape)
    longest = max(lengths.query_tokens, lengths.passage_tokens)
    export_pair(model.network, folder / "pair.onnx", int8=int8, longest=longest, scales=scales)
    export_head(model.head, folder / "head.onnx")
    if tokenizer.resolve() != (folder / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
    (folder / "README.md").write_text(card, "utf-8")
    write_config(
        folder,
        ModelConfig(
            name=name,
            query_tokens=lengths.query_tokens,
            passage_tokens=lengths.passage_tokens,
            outputs=model.network.outputs,
            depth=depth,
            late_interaction=model.network.shape.late_interaction,
            features=list(FEATURES),
            digests={},
            training={"made": time.strftime("%Y-%m-%d"), **training},
            people=people,
        ),
    )


def load_trained(folder: Path) -> FusedRanker:
    """Load a folder's weights for further training.

    Raises:
        ModelError: the folder has no safetensors, or they are of another architecture.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise ModelError(f"{folder}: no {WEIGHTS} (pickled weights are never loaded)")
    try:
        with safe_open(path, "pt") as opened:
            shape = opened.metadata() or {}
    except SafetensorError as error:
        raise ModelError(f"{path}: not safetensors ({error}); pickled weights are never loaded") from error
    if not shape:
        raise ModelError(f"{path}: no shape in its metadata; these are not the weights of a fused ranker")
    numbers = {key: float(value) if key == "closed" else int(value) for key, value in shape.items()}
    network = PairNetwork(PairShape(**numbers))  # type: ignore[arg-type]
    model = FusedRanker(network, new_head(network))
    try:
        model.load_state_dict(load_file(path))
    except RuntimeError as error:
        raise ModelError(f"{path}: another architecture: {str(error).splitlines()[-1].strip()}") from error
    return model
