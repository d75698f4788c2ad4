"""``hybridrank train blend``: how much each live signal counts in recommendations, learnt from a catalogue's events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import console
from .shared import bar, need_torch


def blend(
    index: console.IndexOption = None,
    out: Annotated[
        Path | None, typer.Option(help="The file; by default where the service looks for the catalogue's.")
    ] = None,
    days: Annotated[int, typer.Option(help="How far back the log is read.", min=1, max=3650)] = 30,
    most: Annotated[int, typer.Option(help="How many choices are looked at.", min=50, max=100_000)] = 1500,
    eta: Annotated[
        float | None, typer.Option(help="Rank r was looked at with r^-ETA; the setting without.", min=0.0, max=3.0)
    ] = None,
    seed: Annotated[int, typer.Option()] = 7,
    as_json: console.JsonFlag = False,
) -> None:
    """Learn how recommendations weigh their signals from what people went on to; the service takes it up by itself."""
    from personal.counters import DAY_MS
    from personal.event_times import now_ms

    from ...blending import Settings, TooFewChoices, learn, save
    from ...parts import Parts
    from ...trained import register_log

    with console.one_line_errors(), bar() as progress:
        settings = console.settings(index=index)
        # Nobody waits for an answer here, and no window may go without a part.
        parts = Parts(settings.model_copy(update={"rerank_budget_ms": 600_000.0, "behaviour_budget_ms": 60_000.0}))
        if parts.sequences.of(settings.index) is not None:
            need_torch()
        chosen = Settings(days, most, settings.examination_eta if eta is None else eta, seed)
        task = progress.add_task("windows", total=None)
        try:
            made = learn(parts, settings.index, chosen, lambda at, of: progress.update(task, completed=at, total=of))
        except TooFewChoices as error:
            raise console.fail(str(error)) from error
        finally:
            parts.close()
        path = out or settings.blend_path / f"{settings.index}.json"
        now = now_ms()
        window = (now - (days + 1) * DAY_MS, now)  # a day more, for learning took a while
        register_log(settings, f"blend of {settings.index}", path, settings.index, window)
        save(made, path)
    if as_json:
        console.print_json({"file": str(path), **made.model_dump()})
        return
    weights = ", ".join(f"{name} {value:.2f}" for name, value in {"model": made.model, **made.weights}.items())
    console.stdout.print(f"{path}: {weights}; {made.training['held_out']}", markup=False, soft_wrap=True)
