"""``hybridrank train together``: windows of products that people saw or bought together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...engine import engine_from
from .. import console
from .shared import bar


def together(
    files: Annotated[list[Path], typer.Argument(help="Logs as 'hybridrank events' takes them.", metavar="LOG...")],
    out: Annotated[Path, typer.Option(help="Where to write windows; compressed where it ends in .gz.")],
    source: Annotated[str, typer.Option(help="A name for this data.")],
    people: Annotated[int, typer.Option(help="People that a pair needs.", min=2)] = 2,
    visits: Annotated[
        int, typer.Option(help="Steps of visits to take besides, at most; they teach the signal 'session'.", min=0)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Which steps are drawn.")] = 7,
    index: console.IndexOption = None,
    as_json: console.JsonFlag = False,
) -> None:
    """A product in the query's place, and beside it what people saw and bought together with it, graded.

    The candidates come from the engine as those of a recommendation do. What resembles the product and was seen by
    others, but not together with it, is the hard negative.
    """
    import random
    from dataclasses import replace

    from personal.pairs import acts, pairs
    from personal.pairs import visits as visits_of
    from ranker.errors import TrainingDataError
    from ranker.windows import write_windows

    from ...clicklogs import Moments, rows_of
    from ...pairwindows import of_pairs, of_visits, viewed_windows

    with console.one_line_errors():
        settings = console.settings(index=index)
        moments = Moments()
        done = acts(moments.of(rows_of(files)))
        grades = pairs(done, fewest=people)
        shown = ", ".join(map(str, files))
        if not grades:
            raise TrainingDataError(f"{shown}: no two products were cared for by {people} people above chance")
        steps = list(visits_of(done, grades))
        steps = random.Random(seed).sample(steps, min(visits, len(steps)))
        wanted = [*of_pairs(grades), *of_visits(steps, grades)]
        with engine_from(settings) as engine, bar() as progress:
            made = viewed_windows(engine, settings.index, wanted, source=source)
            dated = (replace(window, seen=moments.both) for window in made)
            count = write_windows(out, progress.track(dated, total=len(wanted), description="windows"))
        if not count:
            out.unlink(missing_ok=True)
            raise TrainingDataError(
                f"{shown}: none of the products that go together is in catalogue {settings.index!r}"
            )
    result = {"windows": count, "products": len(grades), "visits": len(steps), "people": len(done), "file": str(out)}
    if as_json:
        console.print_json(result)
        return
    told = f"{count} windows of {len(grades)} products and {len(steps)} steps of visits, from {len(done)} people"
    console.stdout.print(f"{told}, in {out}", markup=False)
