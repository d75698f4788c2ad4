"""``hybridrank train finetune``: the ranker learns from windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from .. import console
from .shared import (
    EpochsOption,
    EvaluateOption,
    OutOption,
    PerStepOption,
    SeedOption,
    StartOption,
    TestOption,
    ThreadsOption,
    ValidationOption,
    bar,
    interruptible,
    need_opacus,
    need_torch,
)

if TYPE_CHECKING:
    from ranker.training.finetune import Progress as Step

FilesArgument = Annotated[list[Path], typer.Argument(help="Windows files.", metavar="WINDOWS...")]
ValidationFiles = Annotated[list[Path] | None, typer.Option(help="Windows to choose the best state by.")]
TestFiles = Annotated[list[Path] | None, typer.Option(help="Windows to measure the end result on, once.")]
CatalogueOption = Annotated[
    list[str] | None, typer.Option(help="Catalogue that windows of behaviour come from; else their source.")
]


def finetune(
    files: FilesArgument,
    out: OutOption,
    start: StartOption = "all-MiniLM-L6-v2",
    name: Annotated[str, typer.Option(help="The model's name.")] = "fused-minilm",
    method: Annotated[
        str, typer.Option(help="What is trained: full, lora, adalora, bottleneck, head, or signals.")
    ] = "full",
    loss: Annotated[str, typer.Option(help="listwise, bce, or mse.")] = "listwise",
    epsilon: Annotated[float, typer.Option(help="Adds epsilon^2 |f - y|^2 to the loss; no privacy.", min=0.0)] = 0.0,
    optimiser: Annotated[str, typer.Option(help="adamw, adam, or sgd.")] = "adamw",
    keep_start: Annotated[
        float, typer.Option(help="Share of the starting weights in the result.", min=0.0, max=1.0)
    ] = 0.0,
    late_interaction: Annotated[
        bool, typer.Option("--late-interaction", help="Read query and product each alone: much quicker to serve.")
    ] = False,
    epochs: EpochsOption = 2.0,
    items: Annotated[int, typer.Option(help="Candidates of a window that take part in a step.", min=2)] = 10,
    bare: Annotated[
        float, typer.Option(help="Share of windows that lose all signals: teaches the reading.", min=0.0, max=1.0)
    ] = 0.14,
    backbone_rate: Annotated[float, typer.Option(help="Learning rate of the transformer's top layer.")] = 3e-5,
    layer_decay: Annotated[float, typer.Option(help="Each layer learns at this share of the one above it.")] = 1.0,
    head_rate: Annotated[float, typer.Option(help="Learning rate of the head.")] = 1e-3,
    adapter_rate: Annotated[float, typer.Option(help="Learning rate of adapters.")] = 3e-4,
    rank: Annotated[int, typer.Option(help="Rank of LoRA and AdaLoRA.", min=1)] = 8,
    adapter_width: Annotated[int, typer.Option(help="Width of bottleneck adapters.", min=1)] = 16,
    validation: ValidationOption = 0.1,
    test: TestOption = 0.0,
    validation_file: ValidationFiles = None,
    test_file: TestFiles = None,
    hold_out: Annotated[str | None, typer.Option(help="'FOLD/FOLDS': leave these queries out altogether.")] = None,
    evaluate_every: EvaluateOption = 100,
    patience: Annotated[int, typer.Option(help="Validations without a gain before it stops.", min=1)] = 5,
    per_step: PerStepOption = 4,
    seed: SeedOption = 7,
    threads: ThreadsOption = 2,
    catalogue: CatalogueOption = None,
    dp: Annotated[
        bool, typer.Option("--dp", help="Train with differential privacy for people; head or signals.")
    ] = False,
    target_epsilon: Annotated[float, typer.Option(help="With --dp: spend at most this epsilon.")] = 3.0,
    delta: Annotated[float, typer.Option(help="With --dp: delta, below 1 / people.")] = 1e-6,
    clip: Annotated[float, typer.Option(help="With --dp: longest gradient of one person.")] = 1.0,
    cap: Annotated[int, typer.Option(help="With --dp: most windows of one person.")] = 5,
    people_per_step: Annotated[int, typer.Option(help="With --dp: people that a step takes on average.")] = 512,
    dp_cost: Annotated[
        Path | None, typer.Option(help="With --dp: a JSON of what privacy costs in nDCG@10, for the card.")
    ] = None,
    as_json: console.JsonFlag = False,
) -> None:
    """Fine-tune the fused ranker on windows and write one model folder.

    The same command goes on after an interruption. Under torchrun the processes share each step.
    """
    need_torch()
    from ranker.training.settings import FinetuneSettings

    from ...trained import register_trained
    from ...training import Data, run_finetune

    with console.one_line_errors(), interruptible(), bar() as progress:
        settings = FinetuneSettings(
            method=method,
            loss=loss,
            epsilon=epsilon,
            optimiser=optimiser,
            keep_start=keep_start,
            late_interaction=late_interaction,
            epochs=epochs,
            items_per_window=items,
            bare_share=bare,
            backbone_rate=backbone_rate,
            layer_decay=layer_decay,
            head_rate=head_rate,
            adapter_rate=adapter_rate,
            rank=rank,
            adapter_width=adapter_width,
            validation_share=validation,
            test_share=test,
            evaluate_every=evaluate_every,
            patience=patience,
            windows_per_step=per_step,
            seed=seed,
            threads=threads,
        )
        data = Data(files, validation_file or (), test_file or (), hold_out)
        about: dict[str, Any] = {"start": start, "name": name, "settings": settings, "catalogues": catalogue or ()}
        result: dict[str, Any] | None
        if dp:
            need_opacus()
            from ranker.training.private import PrivateSettings

            from ...private_training import run_private

            private = PrivateSettings(
                target_epsilon=target_epsilon, delta=delta, clip=clip, cap=cap, people_per_step=people_per_step
            )
            result = run_private(data, out, **about, private=private, cost=dp_cost, report=reporter(progress))
        else:
            result = run_finetune(data, out, **about, report=reporter(progress))
        if result is not None:
            register_trained(console.settings(), out)
    if result is not None:
        tell(result, as_json)


def reporter(progress: Progress) -> Callable[[Step], None]:
    """Shows the steps of a run in the bar, validations as lines."""
    task = progress.add_task("fine-tuning", total=None)

    def report(step: Step) -> None:
        progress.update(task, completed=step.step, total=step.steps, description=f"loss {step.loss:.3f}")
        if step.validation:
            shown = ", ".join(f"{key} {value:.4f}" for key, value in step.validation.items())
            console.stderr.print(f"step {step.step}/{step.steps}: validation {shown}", markup=False)

    return report


def tell(result: dict[str, Any], as_json: bool) -> None:
    """Print what a run came to."""
    if as_json:
        console.print_json(result)
        return
    console.stdout.print(f"model in {result['model']}: {result['validation']}, {result['seconds']:.0f} s", markup=False)
    for metric, gain in ((result["test"] or {}).get("gain") or {}).items():
        after = result["test"]["after"][metric]
        console.stdout.print(
            f"test {metric}: {after['mean']:.4f} ({after['low']:.4f} to {after['high']:.4f}),"
            f" {gain['mean']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f}) on the start",
            markup=False,
        )
