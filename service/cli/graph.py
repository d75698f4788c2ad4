"""``hybridrank graph``: friendships from files, and who shares what they do."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from .console import JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

FilesArgument = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Two names a line; also .gz.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Whose people; the default is the demo's.")]
RemoveOption = Annotated[bool, typer.Option("--remove", help="Take these friendships away.")]
OffOption = Annotated[bool, typer.Option("--off", help="Take back everything that was ever shared.")]
AT_ONCE = 5000
SHOWN = 10


def load(
    files: FilesArgument, *, tenant: TenantOption = None, remove: RemoveOption = False, as_json: JsonFlag = False
) -> None:
    """Read friendships: two names a line, parted by a tab, comma or space. Reading a file again changes nothing."""
    from ..keys import DEFAULT_TENANT
    from ..parts import Parts

    accepted, rejected = 0, []
    with one_line_errors():
        parts = Parts(settings())
        for file in files:
            lines = _lines(file)
            while part := list(islice(lines, AT_ONCE)):
                done = parts.friends.link(tenant or DEFAULT_TENANT, [names for _, names in part], remove=remove)
                accepted += done.accepted
                rejected += [(f"{file}:{part[place][0]}", reason) for place, reason in done.rejected]
    if as_json:
        print_json({"accepted": accepted, "rejected": [{"where": w, "reason": r} for w, r in rejected]})
    else:
        stdout.print(f"{accepted} friendships {'gone' if remove else 'known'}, {len(rejected)} lines rejected")
        for where, reason in rejected[:SHOWN]:
            stderr.print(f"{where}: {reason}", markup=False, soft_wrap=True)
    if rejected and not accepted:
        raise fail("no line holds a friendship; expected two names a line")


def share(
    person: Annotated[str, typer.Argument(help="The shop's own name of the person.")],
    *,
    off: OffOption = False,
    tenant: TenantOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Let a person's friends see what they do from now on, or take it all back."""
    from ..keys import DEFAULT_TENANT
    from ..parts import Parts

    with one_line_errors():
        parts = Parts(settings())
        identity = parts.keystore.obtain(tenant or DEFAULT_TENANT, person)
        (parts.friends.unshare if off else parts.friends.share)(identity)
    if as_json:
        print_json({"sharing": not off})
    else:
        stdout.print("nothing is shared any more" if off else "shared with friends from now on")


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text and not text.startswith("#"):
                separator = next((mark for mark in ("\t", ",") if mark in text), None)
                yield number, [name.strip() for name in text.split(separator)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Friends: who they are, and what they share.", no_args_is_help=True)
    group.command()(load)
    group.command()(share)
    app.add_typer(group, name="graph")
