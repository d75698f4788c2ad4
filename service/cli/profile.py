"""``hybridrank profile``: what is held about a person, as a file for them, and its erasure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from personal.secretfiles import replace
from personal.subject import Subject

from ..audit import AuditLog
from ..eventletters import forget
from ..keys import DEFAULT_TENANT
from .console import JsonFlag, fail, one_line_errors, print_json, settings, stdout

if TYPE_CHECKING:
    from ..parts import Parts

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The shop's own name of the person.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="The shop.")]


def export(
    person: PersonArgument,
    tenant: TenantOption = DEFAULT_TENANT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; else standard output.")] = None,
) -> None:
    """Give everything that is held about a person, as JSON that people can read."""
    with _parts() as parts:
        visitor = parts.people.known(Subject(tenant, person), None, tenant=tenant)
        if visitor.person is None:
            raise fail("PERSON: nothing is held about anybody of that name; give the shop's own name, and its --tenant")
        AuditLog(parts.settings.home).write(
            role="operator", tenant=tenant, endpoint="profile export", status=200, owner=visitor.person.pseudonym
        )
        held = parts.erasure.held(visitor)
        if output is None:
            print_json(held)
            return
        replace(output.absolute(), (json.dumps(held, ensure_ascii=False, indent=2) + "\n").encode())
        stdout.print(f"{len(held['records'])} records, {len(held['events'])} events, {len(held['queries'])} queries")


def erase(
    person: Annotated[str | None, typer.Argument(metavar="PERSON", help="The shop's own name of the person.")] = None,
    tenant: TenantOption = DEFAULT_TENANT,
    replay: Annotated[
        bool, typer.Option("--replay", help="Erase once more everybody who ever was, after restoring a snapshot.")
    ] = False,
    json_output: JsonFlag = False,
) -> None:
    """Erase a person: key, profile, visits, events, queries, their part in counters and suggestions."""
    if (person is None) == (not replay):
        raise fail("PERSON: name one, or give --replay", 2)
    with _parts() as parts:
        if person is None:
            count = parts.erasure.replay()
            if json_output:
                print_json({"people": count})
            else:
                stdout.print(f"swept what was left of {count} people and visits")
            return
        visitor = parts.people.known(Subject(tenant, person), None, tenant=tenant)
        letters = forget(parts.settings.home, [name for name in (person, visitor.client_id) if name is not None])
        if visitor.person is None:
            also = f"{letters} dead letters were erased; nothing else" if letters else "nothing"
            raise fail(f"PERSON: {also} is held about anybody of that name; give the shop's own name, and its --tenant")
        AuditLog(parts.settings.home).write(
            role="operator", tenant=tenant, endpoint="profile erase", status=200, owner=visitor.person.pseudonym
        )
        done = asdict(parts.erasure.erase(visitor, person))
    if json_output:
        print_json(done)
        return
    stdout.print(
        f"erased: the key, {done['records']} records, {done['events']} events, {done['queries']} queries; "
        f"{done['counters']} counters folded anew"
    )
    for one in done["models"]:
        what = f"train anew by {one['due']}" if one["due"] else f"covered by its receipt (epsilon {one['epsilon']:g})"
        stdout.print(
            f"model {one['model']} learnt from {one['first']} to {one['last']}: {what}", markup=False, soft_wrap=True
        )


def models(
    removed: Annotated[
        Path | None, typer.Option("--removed", help="Folder of a model that is deleted; it leaves the register.")
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """List the models of this home that learnt from people, and what is due."""
    from personal.trainedmodels import TrainedModels

    with one_line_errors():
        register = TrainedModels(settings().trained_models_path)
        if removed is not None and not register.remove(removed):
            raise fail("--removed: no model of that folder is in the register; see: hybridrank profile models")
        found = register.all()
    if json_output:
        print_json([one.model_dump() for one in found])
        return
    for one in found:
        due = f"train anew by {one.due}" if one.due else "nothing is due"
        window = f"{one.people.first} to {one.people.last} of {', '.join(one.people.catalogues)}"
        stdout.print(f"{one.name} in {one.folder}: {window}; {due}", markup=False, soft_wrap=True)


@contextmanager
def _parts() -> Iterator[Parts]:
    from ..parts import Parts

    with one_line_errors(), closing(Parts(settings())) as parts:
        yield parts


def register(app: typer.Typer) -> None:
    """Add the ``profile`` group."""
    group = typer.Typer(help="What is held about a person, and its erasure.", no_args_is_help=True)
    group.command()(export)
    group.command()(erase)
    group.command()(models)
    app.add_typer(group, name="profile")
