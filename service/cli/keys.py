"""``hybridrank keys``: the shop's keys, and the master key over the keys of people."""

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


def rotate(json_output: JsonFlag = False) -> None:
    """Wrap the keys of all people by a new master key and forget the old one; takes up one that was interrupted."""
    from ..people import open_keystore

    with one_line_errors():
        store = open_keystore(settings())
        try:
            done = store.rotate()
        finally:
            store.close()
    if json_output:
        print_json({"version": done.version, "rewrapped": done.rewrapped})
        return
    stdout.print(f"master key {done.version} wraps everything; {done.rewrapped} keys were wrapped anew")


def register(app: typer.Typer) -> None:
    """Add the ``keys`` group."""
    group = typer.Typer(help="The shop's keys, and the master key over the keys of people.", no_args_is_help=True)
    group.command()(new)
    group.command()(rotate)
    app.add_typer(group, name="keys")
