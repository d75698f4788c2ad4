"""``hybridrank train mine``: hard negatives of windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ranker.errors import TrainingDataError
from ranker.windows import Window, read_windows, write_windows

from .. import console
from .shared import bar

FIRST_STAGE = "first_stage"


def mine(
    files: Annotated[list[Path], typer.Argument(help="Windows files.", metavar="WINDOWS...")],
    out: Annotated[Path, typer.Option(help="Where to write; compressed where it ends in .gz.")],
    by: Annotated[
        str, typer.Option(help="Whose mistakes: 'first_stage', 'default' (the model that ships), or a model folder.")
    ] = FIRST_STAGE,
    hard: Annotated[int, typer.Option(help="Unjudged candidates with the highest scores.", min=0)] = 20,
    easy: Annotated[int, typer.Option(help="Further ones, at random.", min=0)] = 5,
    margin: Annotated[
        float, typer.Option(help="Above this share of the best relevant score a candidate may be relevant.", min=0.0)
    ] = 0.95,
    seed: Annotated[int, typer.Option()] = 7,
    as_json: console.JsonFlag = False,
) -> None:
    """Keep of each window what was judged, and of the rest what a ranking mistakes most for relevant."""
    from ranker.fusion import fused_scores
    from ranker.model import Ranker
    from ranker.training.mining import mined

    with console.one_line_errors(), bar() as progress:
        windows = [window for file in files for window in read_windows(file)]
        if not windows:
            raise TrainingDataError(f"{', '.join(map(str, files))}: no window")
        ranker = None if by == FIRST_STAGE else Ranker(None if by == "default" else Path(by))
        random = np.random.default_rng(seed)

        def made() -> Iterator[Window]:
            for window in progress.track(windows, description="windows"):
                scores = fused_scores(window.candidates)
                if ranker is not None:
                    for item in ranker.rank(window.query, window.candidates).items:
                        scores[item.position] = item.score
                yield mined(window, scores, hard=hard, easy=easy, margin=margin, random=random)

        count = write_windows(out, made())
    if as_json:
        console.print_json({"windows": count, "file": str(out)})
    else:
        console.stdout.print(f"{count} windows in {out}", markup=False)
