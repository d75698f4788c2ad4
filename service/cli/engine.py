"""``hybridrank engine``: the local OpenSearch."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the ``engine`` group."""
    group = typer.Typer(help="The local OpenSearch node.", no_args_is_help=True)
    app.add_typer(group, name="engine")
