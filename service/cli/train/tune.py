"""``hybridrank train tune``: hyperparameters within a budget."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import console
from .finetune import FilesArgument, TestFiles, ValidationFiles, reporter, tell
from .shared import (
    EpochsOption,
    EvaluateOption,
    OutOption,
    SeedOption,
    StartOption,
    TestOption,
    ThreadsOption,
    ValidationOption,
    bar,
    interruptible,
    need_torch,
)


def tune(
    files: FilesArgument,
    out: OutOption,
    start: StartOption = "all-MiniLM-L6-v2",
    name: Annotated[str, typer.Option(help="The model's name.")] = "fused-minilm",
    trials: Annotated[int, typer.Option(help="Most trials.", min=1)] = 20,
    minutes: Annotated[float, typer.Option(help="No new trial after so many.", min=0.1)] = 60.0,
    methods: Annotated[
        list[str] | None, typer.Option("--method", help="Methods to choose from; repeat the option.")
    ] = None,
    epochs: EpochsOption = 2.0,
    validation: ValidationOption = 0.2,
    test: TestOption = 0.1,
    validation_file: ValidationFiles = None,
    test_file: TestFiles = None,
    evaluate_every: EvaluateOption = 50,
    seed: SeedOption = 7,
    threads: ThreadsOption = 2,
    as_json: console.JsonFlag = False,
) -> None:
    """Search method and learning rates on validation, then train with the best and test it once.

    The same command goes on after an interruption.
    """
    need_torch()
    from ranker.training.settings import FinetuneSettings

    from ...trained import register_trained
    from ...training import Data
    from ...tuning import Budget, run_tune

    with console.one_line_errors(), interruptible(), bar() as progress:
        base = FinetuneSettings(
            epochs=epochs,
            validation_share=validation,
            test_share=test,
            evaluate_every=evaluate_every,
            seed=seed,
            threads=threads,
        )
        chosen = methods or ["full", "lora", "head", "signals"]
        for method in chosen:
            FinetuneSettings.model_validate({"method": method})
        task = progress.add_task("trials", total=trials)

        def tried(number: int, value: float | None) -> None:
            progress.advance(task)
            told = "ended early" if value is None else f"validation {value:.4f}"
            console.stderr.print(f"trial {number + 1}: {told}", markup=False)

        result = run_tune(
            Data(files, validation_file or (), test_file or ()),
            out,
            start=start,
            name=name,
            base=base,
            methods=chosen,
            budget=Budget(trials, minutes),
            tried=tried,
            report=reporter(progress),
        )
        if result is not None:
            register_trained(console.settings(), out)
    if result is not None:
        tell(result, as_json)
