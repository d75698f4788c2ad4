"""``hybridrank train``: windows from the engine, fine-tuning of the ranker."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ranker.errors import TrainingDataError

from ..engine import engine_from
from . import console

if TYPE_CHECKING:
    from ranker.training.finetune import Progress as Step


def register(app: typer.Typer) -> None:
    """Add the ``train`` group."""
    group = typer.Typer(help="Train the ranker (fine-tuning needs the 'train' extra).", no_args_is_help=True)
    group.command(name="windows")(windows)
    group.command(name="finetune")(finetune)
    app.add_typer(group, name="train")


def bar() -> Progress:
    """A progress bar with the time left; silent where standard error is no terminal."""
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*parts, console=console.stderr, disable=not console.stderr.is_terminal)


def windows(
    queries: Annotated[Path, typer.Option(help="query_id<TAB>text")],
    qrels: Annotated[Path, typer.Option(help="query_id<TAB>product_id<TAB>grade")],
    out: Annotated[Path, typer.Option(help="Where to write; JSON Lines, compressed where it ends in .gz.")],
    source: Annotated[str, typer.Option(help="A name for this data; splits and held-out trades go by it.")],
    index: console.IndexOption = None,
    per_signal: Annotated[int, typer.Option(help="Candidates of each signal.", min=10, max=500)] = 100,
    unjudged: Annotated[int, typer.Option(help="Unjudged candidates kept per window.", min=0)] = 500,
    as_json: console.JsonFlag = False,
) -> None:
    """Ask the engine for the candidates of judged queries and write them with their grades, for training."""
    from multimodal import load_text_encoder
    from ranker.qrels import read_qrels, read_queries
    from ranker.windows import write_windows

    from ..windows import judged_windows

    with console.one_line_errors():
        settings = console.settings(index=index)
        texts, grades = read_queries(queries), read_qrels(qrels)
        encoder = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
        with engine_from(settings) as engine, bar() as progress:
            made = judged_windows(
                engine, encoder, settings.index, texts, grades, source=source, k=per_signal, unjudged=unjudged
            )
            count = write_windows(out, progress.track(made, total=len(texts), description="windows"))
        if count == 0:
            raise TrainingDataError(f"{qrels}: no judgment belongs to a query of {queries}")
        if as_json:
            console.print_json({"windows": count, "queries": len(texts), "file": str(out)})
        else:
            console.stdout.print(f"{count} windows of {len(texts)} queries in {out}", markup=False)


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
    if importlib.util.find_spec("torch") is None:
        raise console.fail("training needs the 'train' extra: pip install 'hybridrank[train]'")
    from ranker.training.settings import FinetuneSettings

    from ..training import run_finetune

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
