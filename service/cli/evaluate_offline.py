"""``hybridrank evaluate --log`` and ``--interleave``: without judgments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict

from rich.box import SIMPLE
from rich.table import Table

from ranker.interleave import Duel

from ..report import System
from ..settings import Settings
from .console import one_line_errors, print_json, stdout

Display = Callable[[int], AbstractContextManager[Callable[[str, int], None]]]
MOST = 2000
FEW = 100
"""An effective sample below it says little; the table marks it."""


def on_log(settings: Settings, systems: Sequence[System], *, seed: int, display: Display, as_json: bool) -> None:
    """Judge systems on the log and print what was found."""
    from ..offline import on_log as judge
    from ..parts import Parts

    with one_line_errors():
        parts = Parts(settings)
        with parts.engine, display(MOST) as show:
            found = judge(parts, settings.index, systems, most=MOST, seed=seed, on_query=show)
    if as_json:
        print_json({"systems": {name: asdict(one) for name, one in found.items()}})
        return
    table = Table(title="clicks for one examined result: estimate and 95 % interval", box=SIMPLE)
    for heading in ("system", "estimate", "effective sample", "shown again"):
        table.add_column(heading, justify="left" if heading == "system" else "right", no_wrap=True)
    for name, one in found.items():
        value = one.value
        mark = " (few)" if one.effective < FEW else ""
        table.add_row(
            name,
            f"{value.mean:.4f} ({value.low:.4f}-{value.high:.4f})",
            f"{one.effective:.0f} of {one.shown}{mark}",
            f"{one.overlap:.0%}",
        )
    logged = next(iter(found.values())).logged
    table.add_row("(as logged)", f"{logged.mean:.4f} ({logged.low:.4f}-{logged.high:.4f})", "", "")
    stdout.print(table)


def duel(settings: Settings, a: System, b: System, *, shoppers: int, days: int, seed: int, as_json: bool) -> None:
    """Interleave two systems before simulated shoppers and print who won."""
    from ..offline import interleaved
    from ..parts import Parts

    with one_line_errors():
        parts = Parts(settings)
        with parts.engine:
            found = interleaved(parts, settings.index, a, b, shoppers=shoppers, days=days, seed=seed)
    if as_json:
        print_json({"a": a, "b": b, "wins": {"a": found.a, "b": found.b, "ties": found.ties}, **_share(found)})
        return
    stdout.print(
        f"{b} against {a}: preferred on {found.preference:.3f} of the pages with clicks ({found.low:.3f} to "
        f"{found.high:.3f}; 0.5 is a draw); {b} won {found.b}, {a} {found.a}, {found.ties} ties",
        markup=False,
        soft_wrap=True,
    )


def _share(found: Duel) -> dict[str, float]:
    return {name: getattr(found, name) for name in ("preference", "low", "high")}
