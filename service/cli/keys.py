"""``hybridrank keys``: the shop's keys."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import keys
from .console import JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

RoleOption = Annotated[str, typer.Option("--role", help=f"What the key may do: {', '.join(keys.ROLES)}.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose key it is.")]


def new(role: RoleOption = "shop", tenant: TenantOption = "default", json_output: JsonFlag = False) -> None:
    """Make a key, print it once, and keep only its digest."""
    with one_line_errors():
        chosen = next((known for known in keys.ROLES if known == role), None)
        if chosen is None:
            raise fail(f"--role: one of {', '.join(keys.ROLES)}, not {role!r}", 2)
        path = settings().keys_path
        key = keys.add(path, tenant=tenant, role=chosen)
    if json_output:
        print_json({"key": key, "role": role, "tenant": tenant, "file": str(path)})
        return
    stderr.print(f"a {role} key for {tenant}; its digest is in {path}; it is shown only now:", soft_wrap=True)
    stdout.print(key, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the ``keys`` group."""
    group = typer.Typer(help="The shop's keys.", no_args_is_help=True)
    group.command()(new)
    group.callback()(lambda: None)
    app.add_typer(group, name="keys")
