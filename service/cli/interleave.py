"""``hybridrank interleave``: two rankings before live shoppers, and whose results they click on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from plugin.catalogue import lookup
from ranker.faults import first_fault

from ..engine import engine_from
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stdout

commands = typer.Typer(help="Let two rankings fill the pages of live shoppers in turn.", no_args_is_help=True)

Ranking = Annotated[str, typer.Argument(help="'personal', 'ranked' (without profile and session), or 'model:NAME'.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Of the experiment.")]


@commands.command("start")
def start(
    a: Ranking,
    b: Ranking,
    *,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the people and visits that are part of it, above 0.")
    ] = 0.1,
    name: NameOption = None,
    index: IndexOption = None,
) -> None:
    """Begin an experiment in a catalogue, from the next search on, in every worker; it takes the place of another."""
    from ..experiments import Experiment, Experiments
    from ..models import MODEL, Models

    name = name or datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        made = Experiment(name=name, a=a, b=b, share=share)
    except ValidationError as error:
        raise fail(first_fault(error, "a, b"), 2) from error
    with one_line_errors():
        chosen = settings(index=index)
        for system in (a, b):
            if system.startswith(MODEL):
                Models(chosen).folder(system.removeprefix(MODEL))
        with engine_from(chosen) as engine:
            lookup(engine, chosen.index)
        Experiments(chosen.experiments_path).begin(chosen.index, made)
    stdout.print(f"{name}: {a} and {b} before {share:.0%} of the people and visits", markup=False)


@commands.command("stop")
def stop(*, index: IndexOption = None) -> None:
    """End a catalogue's experiment; what was shown and clicked stays in the logs."""
    from ..experiments import Experiments

    with one_line_errors():
        chosen = settings(index=index)
        if not Experiments(chosen.experiments_path).end(chosen.index):
            raise fail(f"catalogue {chosen.index!r} has no experiment; --index names another catalogue")
    stdout.print("ended", markup=False)


@commands.command("report")
def report(*, name: NameOption = None, index: IndexOption = None, json_output: JsonFlag = False) -> None:
    """Say how the running experiment stands, or with --name an earlier one: clicks of live shoppers, from the logs."""
    from ..experiments import Experiments, standing

    with one_line_errors():
        chosen = settings(index=index)
        running = Experiments(chosen.experiments_path).of(chosen.index)
        wanted = name or (running.name if running is not None else None)
        if wanted is None:
            raise fail(f"catalogue {chosen.index!r} has no experiment; name an earlier one with --name")
        with engine_from(chosen) as engine:
            lookup(engine, chosen.index)
            found = standing(engine, chosen.index, wanted)
    if json_output:
        print_json({"experiment": wanted, **json.loads(found.model_dump_json())})
        return
    stdout.print(f"{wanted}: {found.pages} answers, {found.clicked} with a click", markup=False)
    if found.duel is not None:
        duel = found.duel
        stdout.print(
            f"b is preferred on {duel.preference:.3f} of them ({duel.low:.3f} to {duel.high:.3f}; 0.5 is a draw); "
            f"b won {duel.b}, a {duel.a}, {duel.ties} ties; {duel.people} people and visits, "
            f"sign test p = {duel.p:.4f}",
            markup=False,
            soft_wrap=True,
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="interleave")
