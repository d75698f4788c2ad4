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
        list[str] | None,
        typer.Option("--only", help="rerank, flashrank, encode, search, index or suggest; all where none is named."),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How often the ways take turns.")] = 5,
    pairs: Annotated[int, typer.Option("--pairs", min=1, max=1000, help="Texts in a round.")] = 200,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of a model run.")] = 2,
    index: Annotated[
        str | None, typer.Option("--index", help="The catalogue that is searched; the sample's where none is named.")
    ] = None,
    queries: Annotated[Path | None, typer.Option("--queries", help="What is asked there: query_id TAB query.")] = None,
    out: Annotated[Path, typer.Option("--out", help="The page with the plots.")] = Path("bench.html"),
) -> None:
    """Measure reading, encoding, searching, indexing and suggesting beside others; the same as ``make bench``."""
    if importlib.util.find_spec("benchmarks") is None:
        raise fail(
            "bench: the measurements are not installed with the program; run it in a checkout, or: make bench", 2
        )
    for module, extra in (("sentence_transformers", "train"), ("flashrank", "dev")):
        if importlib.util.find_spec(module) is None:
            raise fail(f"bench: {module} stands beside ours; pip install 'hybridrank[{extra}]'", 2)
    chosen = ["--only", *only] if only else []
    counts = ["--rounds", str(rounds), "--pairs", str(pairs), "--threads", str(threads), "--out", str(out)]
    asked = [*(["--index", index] if index else []), *(["--queries", str(queries)] if queries else [])]
    sys.argv = ["python -m benchmarks", *chosen, *counts, *asked]
    runpy.run_module("benchmarks", run_name="__main__")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)
