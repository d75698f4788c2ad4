"""What the training commands share."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import console

StartOption = Annotated[
    str, typer.Option(help="A model folder of ours, a BERT folder, or 'all-MiniLM-L6-v2' of the train extra.")
]
OutOption = Annotated[Path, typer.Option(help="The model's folder; a run that was cut off there goes on.")]
EpochsOption = Annotated[float, typer.Option(help="Passes over the training data.", min=0.001)]
EvaluateOption = Annotated[int, typer.Option(help="Steps between looks at held-out data.", min=1)]
PerStepOption = Annotated[int, typer.Option(help="Windows, or pieces of text, in one step.", min=1)]
SeedOption = Annotated[int, typer.Option(help="The same seed, the same run.")]
ThreadsOption = Annotated[int, typer.Option(help="Threads of the processor.", min=1)]
ValidationOption = Annotated[float, typer.Option(help="Share of the queries for validation.", min=0.0, max=0.5)]
TestOption = Annotated[float, typer.Option(help="Share of the queries for the test.", min=0.0, max=0.5)]


def bar() -> Progress:
    """A progress bar with the time left; silent where standard error is no terminal."""
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*parts, console=console.stderr, disable=not console.stderr.is_terminal)


def need_torch() -> None:
    """End with one line where the extra is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise console.fail("training needs the 'train' extra: pip install 'hybridrank[train]'")


def need_opacus() -> None:
    """End with one line where the library of private training is not installed."""
    if importlib.util.find_spec("opacus") is None:
        raise console.fail("--dp needs Opacus, which the 'train' extra brings: pip install 'hybridrank[train]'")


@contextmanager
def interruptible() -> Iterator[None]:
    """Say on Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise console.fail("interrupted; the same command goes on from the checkpoint", 130) from error
