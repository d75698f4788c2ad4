"""The command line: one module a command, gathered here."""

from __future__ import annotations

import typer

from . import (
    bench,
    compress,
    demo,
    engine,
    evaluate,
    events,
    explain,
    graph,
    index,
    install,
    interleave,
    judgments,
    keys,
    loop,
    merchandise,
    profile,
    recommend,
    related,
    sample,
    search,
    serve,
    suggest,
    train,
)
from .console import Commands


def build() -> typer.Typer:
    """Make the command line application."""
    app = typer.Typer(
        name="hybridrank",
        cls=Commands,
        help="Hybrid ranking inside OpenSearch: index, search, rerank, train, measure.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in (
        demo,
        engine,
        install,
        index,
        search,
        recommend,
        related,
        suggest,
        graph,
        events,
        judgments,
        merchandise,
        serve,
        keys,
        profile,
        evaluate,
        interleave,
        explain,
        loop,
        train,
        bench,
        compress,
        sample,
    ):
        module.register(app)
    return app
