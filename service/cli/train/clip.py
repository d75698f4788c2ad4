"""``hybridrank train clip``: pictures and titles of a shop into one space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from .shared import bar, need_torch

if TYPE_CHECKING:
    from multimodal.training.contrast import Progress as Step


def clip(
    files: Annotated[list[Path], typer.Argument(help="Catalogue files with title and image.", metavar="FILE...")],
    images: Annotated[Path, typer.Option(help="Folder of the picture files.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="The model's folder; a run that was cut off there goes on.")],
    start: Annotated[
        str, typer.Option(help="'light', a folder of a trained model, or a model of open_clip as after clip:.")
    ] = "light",
    name: Annotated[str, typer.Option(help="The model's name.")] = "clip",
    loss: Annotated[str, typer.Option(help="contrastive or sigmoid.")] = "contrastive",
    image_tower: Annotated[str, typer.Option(help="locked, top (last stages of an EfficientNet) or open.")] = "locked",
    text_tower: Annotated[str, typer.Option(help="locked or open.")] = "locked",
    views: Annotated[int, typer.Option(help="Random crops of each picture.", min=1, max=64)] = 4,
    view_size: Annotated[int | None, typer.Option(help="Pixels of a crop's side; the model's own.")] = None,
    epochs: Annotated[float, typer.Option(min=0.001)] = 8.0,
    batch: Annotated[int, typer.Option(min=2)] = 64,
    tower_rate: Annotated[float, typer.Option(help="Learning rate of what is open in the towers.", min=0.0)] = 5e-4,
    projection_rate: Annotated[float, typer.Option(help="Learning rate of the projections.")] = 2e-3,
    weight_decay: Annotated[float, typer.Option(min=0.0)] = 0.05,
    validation: Annotated[float, typer.Option(help="Share of the pictures held out.", min=0.0, max=0.5)] = 0.1,
    evaluate_every: Annotated[int, typer.Option(help="Steps between validations.", min=1)] = 100,
    data: Annotated[list[str] | None, typer.Option(help="A line about the data, for the model card.")] = None,
    seed: Annotated[int, typer.Option()] = 7,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    as_json: console.JsonFlag = False,
) -> None:
    """Train an image encoder on a shop's own pictures and titles, and write one model folder.

    Give the folder to ``hybridrank index`` and ``serve`` as HYBRIDRANK_IMAGE_ENCODER.
    """
    need_torch()
    from pydantic import ValidationError

    from multimodal.training.settings import ClipSettings

    from ...clip_training import read_pairs, run_clip

    with console.one_line_errors(), bar() as progress:
        try:
            settings = ClipSettings.model_validate(
                {
                    "loss": loss,
                    "image_tower": image_tower,
                    "text_tower": text_tower,
                    "views": views,
                    "view_size": view_size,
                    "epochs": epochs,
                    "batch": batch,
                    "tower_rate": tower_rate,
                    "projection_rate": projection_rate,
                    "weight_decay": weight_decay,
                    "validation_share": validation,
                    "evaluate_every": evaluate_every,
                    "seed": seed,
                    "threads": threads,
                }
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise console.fail(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}", 2) from None
        pairs = read_pairs(files, images)
        task = progress.add_task("training", total=None)

        def report(step: Step) -> None:
            progress.update(task, completed=step.step, total=step.steps, description=f"loss {step.loss:.3f}")
            if step.validation:
                shown = ", ".join(f"{key} {value:.4f}" for key, value in step.validation.items())
                console.stderr.print(f"step {step.step}/{step.steps}: validation {shown}", markup=False)

        result: dict[str, Any] = run_clip(
            pairs,
            out,
            start=start,
            name=name,
            home=console.settings().home,
            data=data or [file.name for file in files],
            settings=settings,
            report=report,
        )
    if as_json:
        console.print_json(result)
    else:
        console.stdout.print(f"model in {result['model']}: {result['validation']}", markup=False)
