"""``hybridrank train sequence``: what comes next in a visit, learned from a catalogue's events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...engine import engine_from
from .. import console
from .shared import bar, need_torch

if TYPE_CHECKING:
    from ranker.training.sequence import Progress as Epoch


def sequence(
    index: console.IndexOption = None,
    out: Annotated[
        Path | None, typer.Option(help="The model's folder; by default where the service looks for the catalogue's.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
    width: Annotated[int, typer.Option(help="Of an item's vector.", min=8, max=512)] = 48,
    length: Annotated[int, typer.Option(help="How many of the latest items are read.", min=2, max=1000)] = 50,
    window: Annotated[int, typer.Option(help="How far apart two items still go together.", min=1)] = 20,
    most: Annotated[int, typer.Option(help="Of one person the latest so many items.", min=2)] = 200,
    seed: Annotated[int, typer.Option()] = 7,
    threads: Annotated[int, typer.Option(help="More are seldom faster.", min=1)] = 1,
    as_json: console.JsonFlag = False,
) -> None:
    """Train the sequence model of a catalogue from the events in the engine; the service takes it up by itself."""
    need_torch()
    from personal.histories import histories, paths_of, span
    from plugin.catalogue import lookup
    from ranker.training.sequence import SequenceSettings, save, train_sequence

    from ...trained import register_log

    with console.one_line_errors(), bar() as progress:
        settings = console.settings(index=index)
        chosen = SequenceSettings(epochs=epochs, width=width, length=length, window=window, seed=seed, threads=threads)
        with engine_from(settings) as engine:
            lookup(engine, settings.index)
            found = histories(engine, settings.index, most=most)
            moments = span(engine, settings.index)
            paths = paths_of(engine, settings.index, (item for items in found.values() for item in items))
        task = progress.add_task("sequence", total=2 * epochs)

        def report(step: Epoch) -> None:
            progress.update(task, completed=step.epoch, total=step.epochs, description=f"loss {step.loss:.3f}")

        trained = train_sequence(found, chosen, report, paths=paths)
        folder = out or settings.sequence_path / settings.index
        # First the register: a model that is served and not in it would be overlooked when somebody is erased.
        register_log(settings, f"sequence of {settings.index}", folder, settings.index, moments)
        save(trained, folder)
    facts = trained.facts
    if as_json:
        console.print_json({"folder": str(folder), "weights": trained.weights, **facts})
        return
    learned = f"{facts['items']} items of {facts['people']} people in {facts['seconds']} s"
    console.stdout.print(
        f"{folder}: {learned}; held out {facts['held_out']}, weights {trained.weights}", markup=False, soft_wrap=True
    )
