"""Composes a compression: a model folder in, a smaller one beside it out, with what each step cost."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ranker.errors import ModelError
from ranker.folder import read_config
from ranker.people import trained_on
from ranker.tokens import PairTokenizer
from ranker.training.compress import compress
from ranker.training.judge import Step
from ranker.training.save import load_trained, save_model
from ranker.training.settings import FinetuneSettings
from ranker.windows import read_windows

from .training import METRICS


def run_compress(
    source: Path,
    out: Path,
    judged: Sequence[Path],
    *,
    teach: Sequence[Path] = (),
    max_loss: float,
    layers: int,
    epochs: float,
    threads: int,
    report: Callable[[Step], None],
) -> dict[str, Any]:
    """Compress ``source`` into the new folder ``out``.

    Returns:
        the steps, what is left, and where.

    Raises:
        ModelError: ``source`` is no model of ours with its weights, or ``out`` exists.
        TrainingDataError: the windows are malformed, too few, or judged and taught by.
    """
    if out.exists():
        raise ModelError(f"out: {out} exists; a model's folder is never changed in place")
    config = read_config(source)
    model = load_trained(source)
    tokenizer = source / "tokenizer.json"
    lengths = PairTokenizer.of(source, config)
    settings = FinetuneSettings(
        loss="mse",
        epochs=epochs,
        query_tokens=config.query_tokens,
        passage_tokens=config.passage_tokens,
        threads=threads,
    )
    measured = [window for file in judged for window in read_windows(file)]
    taught = [window for file in teach for window in read_windows(file)]
    made = compress(
        model,
        measured,
        tokenizer,
        lengths,
        max_loss=max_loss,
        layers=layers,
        teach=taught,
        settings=settings,
        report=report,
    )
    note = {
        "of": config.name,
        "of_pair": config.digests["pair.onnx"],
        "max_loss": max_loss,
        "layers": made.model.network.shape.layers,
        "int8": made.int8,
        "ranges": "fixed" if made.scales else "by row" if made.int8 else None,
        "vocabulary": made.model.network.shape.vocabulary,
        "steps": [step.as_dict() for step in made.steps],
    }
    name = f"{config.name}-compressed"
    training = {**config.training, "compressed": note}
    card = _card(name, note, made.steps)
    with tempfile.TemporaryDirectory() as place:
        words = Path(place) / "tokenizer.json"
        words.write_text(made.tokenizer, "utf-8")
        save_model(
            made.model,
            out,
            name=name,
            tokenizer=words,
            lengths=lengths,
            training=training,
            card=card,
            int8=made.int8,
            scales=made.scales,
            people=trained_on([*measured, *taught], before=config.people),
            depth=config.depth,
        )
    (out / METRICS).write_text(json.dumps(note, indent=2) + "\n", "utf-8")
    return {**note, "model": str(out)}


def _card(name: str, note: dict[str, Any], steps: Sequence[Step]) -> str:
    rows = "\n".join(
        f"| {step.name} | {'yes' if step.kept else 'no'} | {step.loss.mean:+.4f} ({step.loss.low:+.4f} to "
        f"{step.loss.high:+.4f}) | {step.bytes / 1e6:.1f} |"
        for step in steps
    )
    numbers = "8-bit" if note["int8"] else "32-bit"
    return f"""# {name}

`{note["of"]}` made smaller by `hybridrank compress`: {note["layers"]} layers, {numbers} weights,
{note["vocabulary"]} pieces of words. A step is kept where
the upper end of the 95 % interval of what it loses is at most {note["max_loss"]}: nDCG@10 within the windows of
{steps[0].queries} judged queries that chose nothing, against the whole model in 32-bit numbers. `config.json` says what
the model was trained on.

| step | kept | nDCG@10 lost | `pair.onnx`, MB |
| --- | --- | --- | --- |
{rows}
"""
