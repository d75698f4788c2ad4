"""Composes a private fine-tuning run: windows of people in, a model folder with its receipt out."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ranker.asked import read
from ranker.errors import TrainingDataError
from ranker.folder import read_config
from ranker.people import trained_on
from ranker.signals import features
from ranker.tokens import PairTokenizer
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.finetune import FusedRanker, Outcome, Progress
from ranker.training.measure import tested
from ranker.training.private import PrivateSettings, check_settings, train_privately
from ranker.training.records import people_of, read_pairs, records_of
from ranker.training.settings import FinetuneSettings
from ranker.windows import Window

from .training import PACKAGED_BERT, Data, load_start, measured, model_card, save_trained, start_folder


def run_private(
    data: Data,
    out: Path,
    *,
    start: str,
    name: str,
    settings: FinetuneSettings,
    private: PrivateSettings,
    cost: Path | None,
    catalogues: Sequence[str],
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """Train the head privately and write the folder ``out``.

    Args:
        data: ``files`` hold windows of people; ``test`` may hold judged windows of nobody, to measure on.
        cost: a JSON of ``people``, ``queries`` and rows ``ndcg@10`` (epsilon, value, cost), for the receipt.
        catalogues: under which names the shop logs what the windows come from; else the windows' sources.

    Returns:
        as :func:`service.training.run_finetune`, with ``people``.

    Raises:
        TrainingDataError: what cannot be combined with a guarantee, named.
    """
    begin = start_folder(start)
    _refuse(data, out, begin, settings)
    parts = data.read(settings.model_copy(update={"validation_share": 0.0, "test_share": 0.0}))
    if any(window.seen is not None for window in parts.test):
        raise TrainingDataError("test-file: its windows are of people, whom a published figure would tell something of")
    people = people_of(parts.training)
    check_settings(settings, private, people)
    measured_cost = _cost(cost) if cost is not None else None
    model = load_start(begin)
    lengths = PairTokenizer.of(begin, settings)
    started = time.monotonic()
    records = records_of(
        parts.training, model.network, lengths, cap=private.cap, items=settings.items_per_window, seed=settings.seed
    )
    before = scores(model, lengths, parts.test)
    kept = {key: value.detach().clone() for key, value in model.head.state_dict().items()}
    receipt = train_privately(model.head, records, settings, private, report=report)
    receipt = receipt.model_copy(update={"cost": measured_cost})
    if settings.keep_start:
        mixed = {k: torch.lerp(v, kept[k], settings.keep_start) for k, v in model.head.state_dict().items()}
        model.head.load_state_dict(mixed)
    after = scores(model, lengths, parts.test)
    told = tested(parts.test, before=before, after=after) if parts.test else None
    trained = model.head.direct if settings.method == "signals" else model.head
    counts = {
        "trained": sum(value.numel() for value in trained.parameters()),
        "all": sum(value.numel() for value in model.parameters()),
    }
    outcome = Outcome({}, told, receipt.steps, time.monotonic() - started, parts.counts(), counts)
    whose = trained_on(parts.training, catalogues=catalogues, receipt=receipt)
    training = {
        "start": start if start == PACKAGED_BERT else begin.name,
        "data": dict(Counter(window.source for window in parts.training)),
        "hold_out": data.hold_out,
        "settings": settings.model_dump(exclude={"seed"}),
        **measured(outcome),
    }
    card = model_card(name, training, whose)
    written = save_trained(
        model, out, begin, outcome, name=name, lengths=lengths, training=training, card=card, people=whose
    )
    return written | {
        "data": training["data"],
        "model": str(out),
        "people": whose.model_dump() if whose else None,
    }


def scores(model: FusedRanker, tokenizer: PairTokenizer, windows: Sequence[Window]) -> list[NDArray[np.floating]]:
    """Logits of whole windows."""
    result: list[NDArray[np.floating]] = []
    model.eval()
    for window in windows:
        pairs = [(read(window.query).wanted, item.text or "") for item in window.candidates]
        vector = read_pairs(model.network, tokenizer, pairs)
        with torch.no_grad():
            given = torch.from_numpy(features(window.query, window.candidates))
            result.append(model.head(vector, torch.ones(len(pairs), 1), given).numpy())
    return result


def _refuse(data: Data, out: Path, begin: Path, settings: FinetuneSettings) -> None:
    from torch import distributed

    if distributed.is_torchelastic_launched():
        raise TrainingDataError("dp: several processes cannot share a private run; start it without torchrun")
    if (out / CHECKPOINT).exists():
        raise TrainingDataError(f"out: {out} holds the checkpoint of another run; a private run cannot be resumed")
    if data.validation or settings.validation_share or settings.test_share:
        raise TrainingDataError(
            "validation, test: a private run holds nothing back of people's data and stops at a step that is fixed "
            "beforehand; set both to 0 and measure on judged windows (--test-file)"
        )
    if (begin / "pair.onnx").is_file() and read_config(begin).people is not None:
        raise TrainingDataError("start: it has seen people already, whom the receipt would not cover; start elsewhere")


def _cost(path: Path) -> dict[str, Any]:
    """Read what the benchmark measured.

    Raises:
        TrainingDataError: not such a file.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"dp-cost: {path} cannot be read as JSON") from error
    if not isinstance(found, dict) or "ndcg@10" not in found:
        raise TrainingDataError(f"dp-cost: {path} has no 'ndcg@10'")
    return found
