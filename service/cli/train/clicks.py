"""``hybridrank train clicks``: windows from behaviour logs with positions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...engine import engine_from
from .. import console
from .shared import bar


def clicks(
    files: Annotated[list[Path], typer.Argument(help="Logs as 'hybridrank events' takes them.", metavar="LOG...")],
    out: Annotated[Path, typer.Option(help="Where to write windows; compressed where it ends in .gz.")],
    source: Annotated[str, typer.Option(help="A name for this data.")],
    asked: Annotated[
        list[Path] | None, typer.Option(help="Query logs (ubi_queries), for events that do not say what was asked.")
    ] = None,
    eta: Annotated[
        float | None,
        typer.Option(
            help="Rank r is examined with probability r^-ETA; left out, the logs tell. 0 takes clicks as they are.",
            min=0.0,
            max=3.0,
        ),
    ] = None,
    index: console.IndexOption = None,
    per_signal: Annotated[int, typer.Option(help="Candidates of each signal.", min=10, max=500)] = 100,
    as_json: console.JsonFlag = False,
) -> None:
    """Grade what shoppers were shown by their clicks, each divided by how likely its place was looked at.

    The candidates and their signals come from the engine; live behaviour is left out of them, since it is what the
    grades are made of.
    """
    from multimodal import load_text_encoder
    from ranker.errors import TrainingDataError
    from ranker.windows import write_windows

    from ...clicklogs import read_clicks
    from ...windows import judged_windows

    with console.one_line_errors():
        settings = console.settings(index=index)
        learned = read_clicks(files, asked or (), eta=eta)
        if not learned.grades:
            raise TrainingDataError(f"{', '.join(map(str, files))}: no query has clicks enough to learn from")
        encoder = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
        texts = {f"c{number:06d}": text for number, text in enumerate(learned.grades)}
        grades = {name: learned.grades[text] for name, text in texts.items()}
        with engine_from(settings) as engine, bar() as progress:
            made = judged_windows(
                engine, encoder, settings.index, texts, grades, source=source, k=per_signal, unjudged=0
            )
            count = write_windows(out, progress.track(made, total=len(texts), description="windows"))
    result: dict[str, Any] = {
        "windows": count,
        "queries": len(texts),
        "left_out": learned.left_out,
        "eta": learned.eta,
        "eta_estimated": learned.estimated,
        "file": str(out),
    }
    if as_json:
        console.print_json(result)
        return
    told = (
        "told by the logs" if learned.estimated else "given" if eta is not None else "the prior; the logs do not tell"
    )
    console.stdout.print(f"{count} windows in {out}; eta {learned.eta:.2f} ({told})", markup=False)
