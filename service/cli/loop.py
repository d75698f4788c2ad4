"""``hybridrank loop``: events to a better model that is live, in one command."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout
from .train.shared import interruptible, need_torch

WAITS = 4
"""Exit status of a run that waits for live shoppers."""


def loop(
    *,
    index: IndexOption = None,
    queries: Annotated[Path | None, typer.Option(help="Judged queries; left out, those judged in the engine.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="Their judgments.")] = None,
    epochs: Annotated[float, typer.Option(help="Of training.", min=0.01)] = 3.0,
    margin: Annotated[
        float, typer.Option(help="nDCG@10 that the interval of the difference may reach below 0.", min=0.0)
    ] = 0.01,
    slower: Annotated[float, typer.Option(help="What a window may take, as a multiple of now.", min=0.1)] = 1.25,
    least_queries: Annotated[int, typer.Option(help="Judged queries that the gate needs.", min=1)] = 30,
    shoppers: Annotated[
        int, typer.Option(help="Simulated people who are shown both models' results in turn; 0: nobody.", min=0)
    ] = 100,
    live: Annotated[
        float,
        typer.Option(
            help="In their place, this share of the live shoppers; it ends with status 4 until they clicked enough.",
            min=0.0,
            max=1.0,
        ),
    ] = 0.0,
    days: Annotated[int, typer.Option(help="How long they shop, or how long live ones are waited for.", min=1)] = 7,
    least_pages: Annotated[
        int, typer.Option(help="Pages with a click that comparing what shoppers like needs.", min=1)
    ] = 100,
    per_signal: Annotated[int, typer.Option(help="Candidates of each signal to learn from.", min=10, max=500)] = 100,
    seed: Annotated[int, typer.Option()] = 7,
    fresh: Annotated[bool, typer.Option("--fresh", help="Drop a run that was cut off, and begin anew.")] = False,
    back: Annotated[bool, typer.Option("--roll-back", help="Put live again what was before the last run.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say how the last run stands.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Learn from what shoppers did, and put the model live if it is better: on judged queries, in speed, to shoppers.

    May be stopped at any point; the same command goes on. HYBRIDRANK_MODEL names the link that 'serve' follows.
    """
    if (queries is None) != (qrels is None):
        raise fail("--queries and --qrels: give both, or neither", 2)
    chosen = settings(index=index)
    with one_line_errors():
        from ..loop.run import diary_of, roll_back

        if status:
            found = diary_of(chosen, chosen.index).read()
            if as_json:
                print_json(asdict(found) if found else None)
            else:
                stdout.print(
                    f"{found.run}: {found.outcome or found.running or 'open'} {found.reason}" if found else "no run"
                )
            return
        if back:
            stdout.print(f"{roll_back(chosen, chosen.index)} is live again", markup=False)
            return
    need_torch()
    from ..loop.run import run
    from ..loop.steps import Gate, Told
    from ..parts import Parts

    with one_line_errors(), interruptible():
        parts = Parts(chosen)
        told = Told(
            chosen.index,
            str(queries.resolve()) if queries else None,
            str(qrels.resolve()) if qrels else None,
            epochs,
            seed,
            shoppers,
            live,
            days,
            per_signal,
            0,
        )
        with parts.engine:
            gate = Gate(least_queries, margin, slower, least_pages)
            state = run(parts, told, gate, fresh=fresh, say=lambda text: stderr.print(text, markup=False))
    if as_json:
        print_json(asdict(state))
    else:
        stdout.print(f"{state.outcome or 'waiting'}: {state.reason}", markup=False, soft_wrap=True)
        liked = state.done.get("interleave", {})
        if "preference" in liked:
            won = f"{liked['preference']:.3f} ({liked['low']:.3f} to {liked['high']:.3f})"
            pages = f"{liked['clicked_pages']} pages with a click of {liked['shoppers']} shoppers"
            stdout.print(f"  the candidate won {won} of {pages}", markup=False, soft_wrap=True)
    if state.outcome != "kept":
        raise typer.Exit(3 if state.outcome else WAITS)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(loop)
