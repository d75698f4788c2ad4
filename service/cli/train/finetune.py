"""``hybridrank train finetune``: the ranker learns from windows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from .shared import bar, need_torch

if TYPE_CHECKING:
    from ranker.training.finetune import Progress as Step


def finetune(
    files: Annotated[list[Path], typer.Argument(help="Windows files.", metavar="WINDOWS...")],
    out: Annotated[Path, typer.Option(help="The model's folder; a run that was cut off there goes on.")],
    start: Annotated[
        str, typer.Option(help="A model folder of ours, a BERT folder, or 'all-MiniLM-L6-v2' of the train extra.")
    ] = "all-MiniLM-L6-v2",
    name: Annotated[str, typer.Option(help="The model's name.")] = "fused-minilm",
    parts: Annotated[str, typer.Option(help="What is trained: all, head, or signals.")] = "all",
    keep_start: Annotated[
        float, typer.Option(help="Share of the starting weights in the result.", min=0.0, max=1.0)
    ] = 0.0,
    epochs: Annotated[float, typer.Option(min=0.001)] = 2.0,
    items: Annotated[int, typer.Option(help="Candidates of a window that take part in a step.", min=2)] = 10,
    backbone_rate: Annotated[float, typer.Option(help="Learning rate of the transformer; 0 freezes it.")] = 3e-5,
    head_rate: Annotated[float, typer.Option(help="Learning rate of the head.")] = 1e-3,
    validation: Annotated[float, typer.Option(help="Share of the queries held out.", min=0.0, max=0.5)] = 0.1,
    hold_out: Annotated[str | None, typer.Option(help="'FOLD/FOLDS': leave these queries out altogether.")] = None,
    evaluate_every: Annotated[int, typer.Option(help="Steps between validations.", min=1)] = 100,
    per_step: Annotated[int, typer.Option(help="Windows in one step.", min=1)] = 4,
    seed: Annotated[int, typer.Option()] = 7,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    as_json: console.JsonFlag = False,
) -> None:
    """Fine-tune the fused ranker on windows and write one model folder."""
    need_torch()
    from ranker.training.settings import FinetuneSettings

    from ...training import run_finetune

    with console.one_line_errors(), bar() as progress:
        settings = FinetuneSettings(
            parts=parts,
            keep_start=keep_start,
            epochs=epochs,
            items_per_window=items,
            backbone_rate=backbone_rate,
            head_rate=head_rate,
            validation_share=validation,
            evaluate_every=evaluate_every,
            windows_per_step=per_step,
            seed=seed,
            threads=threads,
        )
        task = progress.add_task("fine-tuning", total=None)

        def report(step: Step) -> None:
            progress.update(task, completed=step.step, total=step.steps, description=f"loss {step.loss:.3f}")
            if step.validation is not None:
                shown = ", ".join(f"{key} {value:.4f}" for key, value in step.validation.items())
                console.stderr.print(f"step {step.step}/{step.steps}: validation {shown}", markup=False)

        result: dict[str, Any] = run_finetune(
            files, out, start=start, name=name, settings=settings, hold_out=hold_out, report=report
        )
    if as_json:
        console.print_json(result)
    else:
        console.stdout.print(f"model in {out}: {result['validation']}, {result['seconds']:.0f} s", markup=False)
