"""``hybridrank train``: what the ranker learns from, and how it learns."""

from __future__ import annotations

import typer

from . import clicks, finetune, mine, pretrain, sequence, synthesise, tune, windows


def register(app: typer.Typer) -> None:
    """Add the ``train`` group."""
    group = typer.Typer(help="Train the ranker (what needs torch needs the 'train' extra).", no_args_is_help=True)
    group.command()(synthesise.synthesise)
    group.command()(windows.windows)
    group.command()(clicks.clicks)
    group.command()(mine.mine)
    group.command()(pretrain.pretrain)
    group.command()(finetune.finetune)
    group.command()(tune.tune)
    group.command()(sequence.sequence)
    app.add_typer(group, name="train")
