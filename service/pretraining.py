"""Composes a pretraining run: text files in, a BERT folder out, from which fine-tuning can start."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin.document import passage
from ranker.errors import ModelError, TrainingDataError
from ranker.qrels import read_queries
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.pretrain import PretrainProgress, pretrain
from ranker.training.settings import PretrainSettings
from ranker.training.wordpiece import load_tokenizer, train_wordpiece

from .products import read_products
from .training import METRICS, board_of, start_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertForMaskedLM

TOKENIZER = "tokenizer.json"
SCRATCH = "scratch"
"""The starting point that is none: new weights, and a tokenizer of the text's own words."""


def read_texts(files: Sequence[Path]) -> list[str]:
    """Texts of files: a catalogue's passages, the queries of a ``.tsv``, the lines of a ``.txt``.

    Raises:
        TrainingDataError: no text at all.
        CatalogueError, JudgmentError, OSError: a file cannot be read.
    """
    texts: list[str] = []
    for file in files:
        if file.suffix == ".tsv":
            texts += read_queries(file).values()
        elif file.suffix == ".txt":
            texts += [line.strip() for line in file.read_text("utf-8").splitlines()]
        else:
            texts += [passage(source) for source in read_products([file]).sources]
    texts = [text for text in texts if text]
    if not texts:
        raise TrainingDataError(f"{', '.join(map(str, files))}: no text")
    return texts


def run_pretrain(
    files: Sequence[Path],
    out: Path,
    *,
    start: str,
    settings: PretrainSettings,
    sizes: dict[str, int],
    report: Callable[[PretrainProgress], None],
) -> dict[str, Any]:
    """Pretrain and write the folder ``out``: weights, configuration, tokenizer and ``metrics.json``.

    Args:
        start: a BERT folder, ``all-MiniLM-L6-v2``, or ``scratch``.
        sizes: of a model from scratch: ``vocabulary``, ``width``, ``layers``, ``heads``.

    Returns:
        perplexity of held-out text before and after, steps, seconds, pieces of text.
    """
    import torch

    texts = read_texts(files)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    model, tokenizer = _scratch(texts, sizes, out) if start == SCRATCH else _continued(start_folder(start))
    with board_of(out) as board:

        def told(step: PretrainProgress) -> None:
            if step.step:
                board.add_scalar("loss", step.loss, step.step)
                board.add_scalar("gradient norm", step.gradient_norm, step.step)
            if step.perplexity is not None:
                board.add_scalar("held out/perplexity", step.perplexity, step.step)
            report(step)

        outcome = pretrain(model, tokenizer, texts, settings, folder=out, report=told)
    model.save_pretrained(out)
    tokenizer.save(str(out / TOKENIZER))
    result = {"perplexity": {"before": outcome.before, "head_only": outcome.head, "after": outcome.after}}
    rest = {name: value for name, value in asdict(outcome).items() if name not in ("before", "head", "after")}
    result |= rest | {"start": start if start == SCRATCH else Path(start).name, "texts": len(texts)}
    note = result | {"settings": settings.model_dump()}
    (out / METRICS).write_text(json.dumps(note, indent=2) + "\n", "utf-8")
    (out / CHECKPOINT).unlink(missing_ok=True)
    return result | {"model": str(out)}


def _scratch(texts: Sequence[str], sizes: dict[str, int], out: Path) -> tuple[BertForMaskedLM, Tokenizer]:
    from transformers import BertConfig, BertForMaskedLM

    if sizes["width"] % sizes["heads"]:
        raise TrainingDataError(f"width: {sizes['width']} cannot be divided among {sizes['heads']} heads")
    kept = out / TOKENIZER
    if (out / CHECKPOINT).is_file() and kept.is_file():
        # Of two pieces that are as frequent the library takes either; what goes on needs the ids that it began with.
        tokenizer = load_tokenizer(kept)
    else:
        tokenizer = train_wordpiece(texts, sizes["vocabulary"])
        tokenizer.save(str(kept))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=sizes["width"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=4 * sizes["width"],
    )
    return BertForMaskedLM(config), tokenizer


def _continued(folder: Path) -> tuple[BertForMaskedLM, Tokenizer]:
    from transformers import BertForMaskedLM
    from transformers.utils import logging

    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"{folder}: no model.safetensors (pickled weights are never loaded)")
    if (folder / "pair.onnx").is_file():
        raise ModelError(f"{folder}: a fused ranker; pretraining starts from a BERT")
    tokenizer = load_tokenizer(folder / TOKENIZER)
    # The report of what a checkpoint has no weights for (the head) belongs to the perplexity before.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # A folder of this machine: nothing is downloaded.
        model = BertForMaskedLM.from_pretrained(folder, local_files_only=True, use_safetensors=True)  # nosec B615
    except Exception as error:
        raise ModelError(f"{folder}: not a BERT in safetensors ({error})") from error
    return model, tokenizer
