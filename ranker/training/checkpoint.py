"""The state of a run on disk: safetensors with a note of JSON. The file that is there is always whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import CheckpointError

CHECKPOINT = "checkpoint.safetensors"


def write(folder: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Replace the checkpoint of a folder.

    Raises:
        CheckpointError: it cannot be written (a full disk); the one before is kept.
    """
    part = folder / f".part-{CHECKPOINT}"
    clean = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    try:
        save_file(clean, part, metadata={"run": json.dumps(note)})
        part.replace(folder / CHECKPOINT)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        kept = "the last good one is kept" if (folder / CHECKPOINT).is_file() else "there is none yet"
        raise CheckpointError(f"{folder}: the checkpoint cannot be written ({error}); {kept}") from error


def read(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors and note of a folder's checkpoint; ``None`` where there is none.

    Raises:
        CheckpointError: what is there is no checkpoint.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as opened:
            note = json.loads((opened.metadata() or {})["run"])
        return load_file(path), note
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: not a checkpoint of a training run; remove it to begin anew") from error


def require_same(folder: Path | None, note: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Refuse the checkpoint of another run.

    Args:
        note: of the checkpoint, with its run's ``identity``.
        identity: of this run: what it was told, what it learns from, where it began.

    Raises:
        CheckpointError: names what differs.
    """
    other = [name for name, value in identity.items() if note["identity"].get(name) != value]
    if other:
        raise CheckpointError(
            f"{folder}: the checkpoint there belongs to a run of other {' and '.join(other)};"
            " repeat that run, use another folder, or remove it"
        )


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def optimiser_tensors(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """An optimiser's state as named tensors."""
    import torch

    return {
        f"optimiser.{number}.{name}": torch.as_tensor(value)
        for number, values in state["state"].items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimiser(state: dict[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Put named tensors back into an optimiser's state."""
    for name, value in part(tensors, "optimiser.").items():
        number, field = name.split(".")
        state["state"].setdefault(int(number), {})[field] = value
    return state
