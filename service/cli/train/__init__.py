"""``hybridrank train``: what the ranker and the image encoder learn from, and how."""

from __future__ import annotations

import typer

from . import blend, clicks, clip, federated, finetune, mine, pretrain, sequence, synthesise, together, tune, windows


def register(app: typer.Typer) -> None:
    """Add the ``train`` group."""
    about = "Train the ranker and the image encoder (what needs torch needs the 'train' extra)."
    group = typer.Typer(help=about, no_args_is_help=True)
    group.command()(synthesise.synthesise)
    group.command()(windows.windows)
    group.command()(clicks.clicks)
    group.command()(together.together)
    group.command()(mine.mine)
    group.command()(pretrain.pretrain)
    group.command()(finetune.finetune)
    group.command()(tune.tune)
    group.command()(sequence.sequence)
    group.command()(blend.blend)
    group.command()(clip.clip)
    group.add_typer(federated.group(), name="federated")
    app.add_typer(group, name="train")
