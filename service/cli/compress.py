"""``hybridrank compress``: the served form of a model, as small as judged queries allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .train.shared import need_torch

if TYPE_CHECKING:
    from ranker.training.judge import Step


def register(app: typer.Typer) -> None:
    """Add ``compress``."""
    app.command()(compress)


def compress(
    model: Annotated[Path, typer.Argument(help="A model's folder, with its model.safetensors.", metavar="MODEL")],
    windows: Annotated[
        list[Path], typer.Option(help="Judged windows that the model has not seen; 'train windows' writes them.")
    ],
    out: Annotated[Path, typer.Option(help="The folder of what comes out; it must not exist.")],
    max_loss: Annotated[
        float, typer.Option(help="nDCG@10 that may be lost, by the interval's upper end.", min=0.0)
    ] = 0.01,
    layers: Annotated[int, typer.Option(help="Fewest layers that are left.", min=1)] = 2,
    teach: Annotated[
        list[Path] | None, typer.Option(help="Windows by which fewer layers learn the whole model's scores.")
    ] = None,
    epochs: Annotated[float, typer.Option(help="Of that learning, at each step.", min=0.001)] = 1.0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    as_json: console.JsonFlag = False,
) -> None:
    """Make a model smaller: int8, fewer layers, fewer words; a step is kept only if it loses little enough."""
    need_torch()
    from ..compressing import run_compress
    from ..trained import register_trained

    with console.one_line_errors():
        result = run_compress(
            model,
            out,
            windows,
            teach=teach or (),
            max_loss=max_loss,
            layers=layers,
            epochs=epochs,
            threads=threads,
            report=tell,
        )
        register_trained(console.settings(), out)
    if as_json:
        console.print_json(result)
        return
    numbers = "8" if result["int8"] else "32"
    console.stdout.print(f"model in {result['model']}: {result['layers']} layers, {numbers}-bit weights", markup=False)


def tell(step: Step) -> None:
    """One line a step."""
    verdict = "kept" if step.kept else "not kept"
    console.stderr.print(
        f"{step.name}: {step.loss.mean:+.4f} nDCG@10 lost ({step.loss.low:+.4f} to {step.loss.high:+.4f}, "
        f"{step.queries} queries), {step.bytes / 1e6:.1f} MB, {verdict}",
        markup=False,
        soft_wrap=True,
    )
