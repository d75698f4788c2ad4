"""``hybridrank train clicks``: windows from behaviour logs with positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...engine import engine_from
from .. import console
from .shared import bar

if TYPE_CHECKING:
    from ...clicklogs import Log


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
    by_person: Annotated[
        bool, typer.Option("--by-person", help="A window for each person's query, for 'finetune --dp'.")
    ] = False,
    index: console.IndexOption = None,
    per_signal: Annotated[int, typer.Option(help="Candidates of each signal.", min=10, max=500)] = 80,
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
        log = read_clicks(files, asked or (), eta=eta, by_person=by_person)
        learned = log.clicked
        whose: dict[str, str] = {}
        texts: dict[str, str] = {}
        grades: dict[str, dict[str, float]] = {}
        for person, text, known in _graded(log):
            name = f"c{len(texts):07d}"
            texts[name], grades[name] = text, known
            whose |= {name: person} if person is not None else {}
        if not texts:
            raise TrainingDataError(f"{', '.join(map(str, files))}: no query has clicks enough to learn from")
        encoder = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
        with engine_from(settings) as engine, bar() as progress:
            made = judged_windows(
                engine, encoder, settings.index, texts, grades, source=source, k=per_signal, unjudged=0
            )
            made = (replace(window, person=whose.get(window.query_id), seen=log.seen) for window in made)
            count = write_windows(out, progress.track(made, total=len(texts), description="windows"))
    result: dict[str, Any] = {
        "windows": count,
        "queries": len(texts),
        "left_out": learned.left_out,
        "eta": learned.eta,
        "eta_estimated": learned.estimated,
        "people": len(log.people) or None,
        "file": str(out),
    }
    if as_json:
        console.print_json(result)
        return
    told = (
        "told by the logs" if learned.estimated else "given" if eta is not None else "the prior; the logs do not tell"
    )
    console.stdout.print(f"{count} windows in {out}; eta {learned.eta:.2f} ({told})", markup=False)


def _graded(log: Log) -> Iterator[tuple[str | None, str, dict[str, float]]]:
    """(person, query, grades) of each window to be."""
    for text, known in log.clicked.grades.items():
        yield None, text, known
    for person, queries in log.people.items():
        for text, known in queries.items():
            yield person, text, known
