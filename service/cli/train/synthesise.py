"""``hybridrank train synthesise``: queries and pseudo-judgments from a catalogue's own text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ...products import read_products
from .. import console
from .shared import bar


def synthesise(
    files: Annotated[list[Path], typer.Argument(help="Catalogue files.", metavar="FILE...")],
    out: Annotated[Path, typer.Option(help="A folder for queries.tsv and qrels.tsv.", file_okay=False)],
    queries: Annotated[int, typer.Option(help="How many different ones.", min=1)] = 1000,
    typos: Annotated[float, typer.Option(help="Share with a typing error.", min=0.0, max=1.0)] = 0.12,
    seed: Annotated[int, typer.Option(help="The same seed gives the same queries.")] = 7,
    as_json: console.JsonFlag = False,
) -> None:
    """Make judged queries from a catalogue's own text, for a shop that has no judgments.

    The judgments are guesses from the text (3 the kind and all properties, 2 most, 1 few, 0 none): good for
    training, not for measuring. Needs no engine and no extra.
    """
    from ranker.qrels import write_judged
    from ranker.synthesis import synthesise as make

    with console.one_line_errors(), bar() as progress:
        products = read_products(files)
        task = progress.add_task("queries", total=queries)
        made = make(
            products.sources,
            queries=queries,
            seed=seed,
            typos=typos,
            report=lambda count: progress.update(task, completed=count),
        )
        out.mkdir(parents=True, exist_ok=True)
        write_judged(out, {one.id: one.text for one in made}, {one.id: one.grades for one in made})
    grades = Counter(grade for one in made for grade in one.grades.values())
    result = {
        "queries": len(made),
        "judgments": sum(grades.values()),
        "grades": {str(grade): grades[grade] for grade in sorted(grades)},
        "forms": dict(sorted(Counter(one.form for one in made).items())),
        "products": len(products.sources),
        "refused": products.refused,
        "folder": str(out),
    }
    if as_json:
        console.print_json(result)
    else:
        console.stdout.print(f"{len(made)} queries, {result['judgments']} judgments in {out}", markup=False)
