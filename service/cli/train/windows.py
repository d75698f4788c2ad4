"""``hybridrank train windows``: the candidates of judged queries, from the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ranker.errors import TrainingDataError

from ...engine import engine_from
from .. import console
from .shared import bar


def windows(
    queries: Annotated[Path, typer.Option(help="query_id<TAB>text")],
    qrels: Annotated[Path, typer.Option(help="query_id<TAB>product_id<TAB>grade")],
    out: Annotated[Path, typer.Option(help="Where to write; JSON Lines, compressed where it ends in .gz.")],
    source: Annotated[str, typer.Option(help="A name for this data; splits and held-out trades go by it.")],
    index: console.IndexOption = None,
    per_signal: Annotated[int, typer.Option(help="Candidates of each signal.", min=10, max=500)] = 80,
    unjudged: Annotated[int, typer.Option(help="Unjudged candidates kept per window.", min=0)] = 500,
    as_json: console.JsonFlag = False,
) -> None:
    """Ask the engine for the candidates of judged queries and write them with their grades, for training."""
    from multimodal import load_text_encoder
    from ranker.qrels import read_qrels, read_queries
    from ranker.windows import write_windows

    from ...windows import judged_windows

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
