"""``hybridrank suggest``: the answers of ``GET /v1/suggest`` in a terminal, and the making of suggestions."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Annotated, Any

import typer
from rich.table import Table

from personal.suggestions.daily import Spent, composed, spent

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stdout

EPOCH = date(1970, 1, 1)
SizeOption = Annotated[int, typer.Option("--size", min=1, max=50, help="How many.")]
BuildOption = Annotated[
    bool, typer.Option("--build", help="Make the catalogue's phrases anew and count what was typed since.")
]

BudgetOption = Annotated[
    bool, typer.Option("--budget", help="Tell what the private choice of suggestions has spent, day by day.")
]


def suggest(
    prefix: Annotated[str, typer.Argument(help="What was typed so far; '' offers what is popular.")] = "",
    *,
    index: IndexOption = None,
    size: SizeOption = 10,
    build: BuildOption = False,
    budget: BudgetOption = False,
    json_output: JsonFlag = False,
) -> None:
    """Suggest queries for what was typed so far."""
    from ..parts import Parts
    from ..suggest import build_phrases

    with one_line_errors(), closing(Parts(settings(index=index))) as parts:
        name = parts.settings.index
        if len(prefix) > parts.settings.max_query_chars:
            raise fail(f"PREFIX: at most {parts.settings.max_query_chars} characters", 2)
        if build:
            phrases, written, gone = build_phrases(parts.engine, name)
            asked = parts.suggest.count()
            made = {"phrases": phrases, "written": written, "gone": gone, "queries_looked_at": asked}
            if json_output:
                print_json(made)
            else:
                stdout.print(f"{name}: {phrases} phrases, {written} written, {gone} gone; {asked} queries looked at")
            return
        parts.search.catalogue(name)
        if budget:
            tell_budget(spent(parts.engine, name), json_output)
            return
        found = parts.suggest.suggester.suggest(name, prefix, size)
    if json_output:
        print_json({"suggestions": [{"text": s.text, "score": s.score, "reason": s.reason} for s in found]})
        return
    if not found:
        stdout.print("nothing to suggest")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("suggestion", "score", "reason"):
        table.add_column(column, justify="right" if column == "score" else "left")
    for one in found:
        table.add_row(one.text, f"{one.score:.3f}", one.reason)
    stdout.print(table)


def tell_budget(records: list[Spent], json_output: bool) -> None:
    """Print the days, and what they come to together."""
    epsilon, delta = composed(records)
    if json_output:
        print_json({"days": [told(one) for one in records], "together": {"epsilon": epsilon, "delta": delta}})
        return
    if not records:
        stdout.print("nothing was chosen privately")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("day (UTC)", "epsilon", "delta", "queries of a person", "released"):
        table.add_column(column, justify="left" if column.startswith("day") else "right")
    for one in records:
        row = told(one)
        table.add_row(row["day"], f"{one.epsilon:g}", f"{one.delta:.2g}", str(one.queries), str(one.released))
    stdout.print(table)
    stdout.print(f"together, for a person of all these days: epsilon {epsilon:g}, delta {delta:.2g}")


def told(one: Spent) -> dict[str, Any]:
    """A record as JSON has it."""
    day = date.fromordinal(EPOCH.toordinal() + one.day).isoformat()
    return {"day": day, "epsilon": one.epsilon, "delta": one.delta, "queries": one.queries, "released": one.released}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(suggest)
