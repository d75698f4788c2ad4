"""``hybridrank evaluate`` without judgments: ``--log``, ``--interleave``, recommendations, suggestions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table

from ranker.interleave import Duel
from ranker.qrels import read_queries

from ..recommenders import NextSystem
from ..report import System
from ..settings import Settings
from ..suggesters import SuggestSystem
from .console import one_line_errors, print_json, stdout

Display = Callable[[int], AbstractContextManager[Callable[[str, int], None]]]
MOST = 2000
MOST_PEOPLE = 500
MOST_TYPED = 1000
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


def on_next(
    settings: Settings,
    systems: Sequence[NextSystem],
    compare: Sequence[tuple[NextSystem, NextSystem]],
    *,
    days: int,
    last: int,
    seed: int,
    display: Display,
    as_json: bool,
) -> None:
    """Leave each person's last items out, and print at which place systems of recommendations offer it."""
    from ..evaluate_next import MEASURES, evaluate_next
    from ..parts import Parts

    with one_line_errors():
        # Nobody waits for an answer here, and no list may go without a part.
        parts = Parts(settings.model_copy(update={"rerank_budget_ms": 600_000.0, "behaviour_budget_ms": 60_000.0}))
        with parts.engine, display(MOST_PEOPLE * last) as show:
            found = evaluate_next(
                parts,
                settings.index,
                systems,
                compare=compare,
                days=days,
                most=MOST_PEOPLE,
                last=last,
                seed=seed,
                on_person=show,
            )
    if as_json:
        print_json(
            {
                "people": found.people,
                "items": found.items,
                "systems": {
                    name: {measure: asdict(one) for measure, one in values.items()}
                    for name, values in found.systems.items()
                },
                "comparisons": [
                    {"a": a, "b": b, "metric": "ndcg@10", **asdict(one), "p": p}
                    for (a, b), (one, p) in found.differences.items()
                ],
            }
        )
        return
    title = f"last {found.items} items of {found.people} people: mean and 95 % interval"
    table = Table(title=title, box=SIMPLE)
    for heading in ("system", *MEASURES):
        table.add_column(heading, justify="left" if heading == "system" else "right", no_wrap=True)
    for name, values in found.systems.items():
        table.add_row(name, *(f"{one.mean:.3f}\n{one.low:.3f}-{one.high:.3f}" for one in values.values()))
    stdout.print(table)
    for (a, b), (one, p) in found.differences.items():
        line = f"ndcg@10: {b} - {a} = {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f}), p = {p:.4f}"
        stdout.print(line, markup=False, soft_wrap=True)


def on_suggest(
    settings: Settings,
    queries: Path,
    systems: Sequence[SuggestSystem],
    compare: Sequence[tuple[SuggestSystem, SuggestSystem]],
    *,
    seed: int,
    display: Display,
    as_json: bool,
) -> None:
    """Type a file's queries again, and print at which place systems of suggestions offer them."""
    from ..engine import engine_from
    from ..evaluate_suggest import MEASURES, evaluate_suggest, typing_of

    with one_line_errors():
        texts = read_queries(queries).values()
        typing = typing_of(texts, enough=settings.suggest_min_people, most=MOST_TYPED, seed=seed)
        with engine_from(settings) as engine, display(len(typing.wanted)) as show:
            found = evaluate_suggest(
                engine,
                typing,
                systems,
                half_life_days=settings.behaviour_half_life_days,
                compare=compare,
                seed=seed,
                on_query=show,
            )
    counts = {"texts": typing.texts, "known": len(typing.known), "typed": len(typing.wanted)}
    if as_json:
        print_json(
            {
                **counts,
                "systems": {
                    name: {measure: asdict(one) for measure, one in values.items()}
                    for name, values in found.systems.items()
                },
                "comparisons": [
                    {"a": a, "b": b, "metric": metric, **asdict(one), "p": p}
                    for (a, b), measures in found.differences.items()
                    for metric, (one, p) in measures.items()
                ],
            }
        )
        return
    title = "{texts} queries, {known} known, {typed} typed again: mean and 95 % interval".format(**counts)
    table = Table(title=title, box=SIMPLE)
    for heading in ("system", *(measure.replace("_", " ") for measure in MEASURES)):
        table.add_column(heading, justify="left" if heading == "system" else "right", no_wrap=True)
    for name, values in found.systems.items():
        table.add_row(name, *(f"{one.mean:.3f}\n{one.low:.3f}-{one.high:.3f}" for one in values.values()))
    stdout.print(table)
    for (a, b), measures in found.differences.items():
        for metric, (one, p) in measures.items():
            line = f"{metric}: {b} - {a} = {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f}), p = {p:.4f}"
            stdout.print(line, markup=False, soft_wrap=True)
