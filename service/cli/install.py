"""``hybridrank install``: what OpenSearch needs before the first catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from plugin.client import Engine
from plugin.install import check, install, remove

from ..engine import engine_from
from . import console


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="install")(run)


def run(
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; name what differs.")] = False,
    removing: Annotated[bool, typer.Option("--remove", help="Take out what install put in.")] = False,
    catalogues: Annotated[bool, typer.Option("--catalogues", help="With --remove: the catalogues too.")] = False,
    as_json: console.JsonFlag = False,
) -> None:
    """Install templates and search pipelines into OPENSEARCH_URL; a second time changes nothing.

    Exits with 1 when --check finds a difference.
    """
    if check_only and removing:
        raise console.fail("--check and --remove: give one of them", 2)
    if catalogues and not removing:
        raise console.fail("--catalogues: only with --remove", 2)
    with console.one_line_errors(), engine_from(console.settings()) as engine:
        if check_only:
            _check(engine, as_json)
        elif removing:
            _remove(engine, catalogues, as_json)
        else:
            _install(engine, as_json)


def _install(engine: Engine, as_json: bool) -> None:
    changes = install(engine)
    if as_json:
        console.print_json({"wrote": list(changes.wrote), "unchanged": changes.unchanged})
        return
    for name in changes.wrote:
        console.stdout.print(f"wrote {name}", markup=False)
    console.stdout.print(f"{len(changes.wrote)} written, {changes.unchanged} unchanged")


def _check(engine: Engine, as_json: bool) -> None:
    drifts = check(engine)
    if as_json:
        console.print_json({"drift": [asdict(drift) for drift in drifts]})
    for drift in () if as_json else drifts:
        console.stdout.print(str(drift), markup=False, soft_wrap=True)
    if drifts:
        raise console.fail(f"{len(drifts)} differences; bring them up to date with: hybridrank install")
    if not as_json:
        console.stdout.print("no difference")


def _remove(engine: Engine, catalogues: bool, as_json: bool) -> None:
    done = remove(engine, catalogues=catalogues)
    if as_json:
        console.print_json({"removed": done.removed, "stays": done.stays})
        return
    for name in done.removed:
        console.stdout.print(f"removed {name}", markup=False)
    for name in done.stays:
        console.stdout.print(f"stays: {name}", markup=False, soft_wrap=True)
