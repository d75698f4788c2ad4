"""``hybridrank train pretrain``: the transformer learns a shop's words from unlabelled text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from .shared import (
    EpochsOption,
    EvaluateOption,
    OutOption,
    PerStepOption,
    SeedOption,
    ThreadsOption,
    bar,
    interruptible,
    need_torch,
)

if TYPE_CHECKING:
    from ranker.training.pretrain import PretrainProgress


def pretrain(
    files: Annotated[
        list[Path], typer.Argument(help="Catalogues, queries (.tsv), or a text a line (.txt).", metavar="FILE...")
    ],
    out: OutOption,
    start: Annotated[
        str, typer.Option(help="A BERT folder, 'all-MiniLM-L6-v2' of the train extra, or 'scratch'.")
    ] = "all-MiniLM-L6-v2",
    epochs: EpochsOption = 3.0,
    per_step: PerStepOption = 32,
    tokens: Annotated[int, typer.Option(help="Longest piece of a text.", min=8, max=512)] = 96,
    rate: Annotated[float, typer.Option(help="Learning rate of the transformer.")] = 1e-4,
    masked: Annotated[float, typer.Option(help="Share of the tokens to guess.", min=0.01, max=0.9)] = 0.15,
    whole_words: Annotated[bool, typer.Option("--whole-words", help="Hide all pieces of a word together.")] = False,
    vocabulary: Annotated[int, typer.Option(help="From scratch: tokens.", min=100)] = 8000,
    width: Annotated[int, typer.Option(help="From scratch: width of the transformer.", min=8)] = 256,
    layers: Annotated[int, typer.Option(help="From scratch: layers.", min=1)] = 4,
    heads: Annotated[int, typer.Option(help="From scratch: attention heads.", min=1)] = 4,
    evaluate_every: EvaluateOption = 200,
    seed: SeedOption = 7,
    threads: ThreadsOption = 2,
    as_json: console.JsonFlag = False,
) -> None:
    """Masked-language modelling; the folder that comes out is what 'train finetune --start' takes.

    The same command goes on after an interruption.
    """
    need_torch()
    from ranker.training.settings import PretrainSettings

    from ...pretraining import run_pretrain

    with console.one_line_errors(), interruptible(), bar() as progress:
        settings = PretrainSettings(
            epochs=epochs,
            texts_per_step=per_step,
            tokens=tokens,
            rate=rate,
            masked_share=masked,
            whole_words=whole_words,
            evaluate_every=evaluate_every,
            seed=seed,
            threads=threads,
        )
        task = progress.add_task("pretraining", total=None)

        def report(step: PretrainProgress) -> None:
            progress.update(task, completed=step.step, total=step.steps, description=f"loss {step.loss:.3f}")
            if step.perplexity is not None:
                told = f"step {step.step}/{step.steps}: perplexity of held-out text {step.perplexity:.2f}"
                console.stderr.print(told, markup=False)

        sizes = {"vocabulary": vocabulary, "width": width, "layers": layers, "heads": heads}
        result = run_pretrain(files, out, start=start, settings=settings, sizes=sizes, report=report)
    if as_json:
        console.print_json(result)
        return
    shown = result["perplexity"]
    console.stdout.print(
        f"BERT in {out}: perplexity of held-out text {shown['before']:.1f} before, {shown['head_only']:.1f} with a"
        f" head of its own, {shown['after']:.1f} after; {result['steps']} steps, {result['seconds']:.0f} s",
        markup=False,
    )
