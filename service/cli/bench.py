"""``hybridrank bench``: our ways beside others', measured in turn on this machine."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

from .console import fail


def bench(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="rerank or encode; both where none is named.")
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How often the ways take turns.")] = 5,
    pairs: Annotated[int, typer.Option("--pairs", min=1, max=1000, help="Texts in a round.")] = 200,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of a model run.")] = 2,
    out: Annotated[Path, typer.Option("--out", help="The page with the plots.")] = Path("bench.html"),
) -> None:
    """Measure reading and encoding beside sentence-transformers; the same as ``make bench``."""
    if importlib.util.find_spec("benchmarks") is None:
        raise fail(
            "bench: the measurements are not installed with the program; run it in a checkout, or: make bench", 2
        )
    if importlib.util.find_spec("sentence_transformers") is None:
        raise fail("bench: sentence-transformers stands beside ours; pip install 'hybridrank[train]'", 2)
    chosen = ["--only", *only] if only else []
    counts = ["--rounds", str(rounds), "--pairs", str(pairs), "--threads", str(threads), "--out", str(out)]
    sys.argv = ["python -m benchmarks", *chosen, *counts]
    runpy.run_module("benchmarks", run_name="__main__")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)
