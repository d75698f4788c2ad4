"""``hybridrank merchandise``: what a shop pins, hides and boosts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from indexer import strictjson
from personal.errors import RuleRejected
from personal.merchandising import Rule, RuleBook, read_rule
from plugin.catalogue import lookup
from plugin.client import Engine

from ..engine import engine_from
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stdout

commands = typer.Typer(help="Pin, hide and boost products for a query.", no_args_is_help=True)


@commands.command("set")
def put(
    file: Annotated[Path, typer.Argument(help="JSON: an object of query to rule, a rule {pinned, hidden, boosts}.")],
    *,
    index: IndexOption = None,
) -> None:
    """Put rules in place; all of them are checked before the first is written. '*' is every query's rule."""
    with one_line_errors():
        chosen = settings(index=index)
        rules = _rules(file)
        with engine_from(chosen) as engine:
            book = _book(engine, chosen.index)
            for query, rule in rules.items():
                book.put(chosen.index, query, rule)
    stdout.print(f"{len(rules)} rules set")


@commands.command("list")
def show(*, index: IndexOption = None, json_output: JsonFlag = False) -> None:
    """Show the rules of a catalogue, in the form that ``set`` takes with --json."""
    with one_line_errors():
        chosen = settings(index=index)
        with engine_from(chosen) as engine:
            found = dict(sorted(_book(engine, chosen.index).all(chosen.index), key=lambda pair: pair[0]))
    if json_output:
        print_json({query: rule.as_json() for query, rule in found.items()})
        return
    for query, rule in found.items():
        pins = ", ".join(f"{item} at {place}" for item, place in rule.pinned.items())
        boosts = ", ".join(f"{item} {boost:+g}" for item, boost in rule.boosts.items())
        parts = {"pinned": pins, "hidden": ", ".join(rule.hidden), "boosted": boosts}
        stdout.print(f"{query}: " + "; ".join(f"{name} {text}" for name, text in parts.items() if text), markup=False)
    if not found:
        stdout.print("no rules")


@commands.command("remove")
def remove(
    queries: Annotated[list[str], typer.Argument(metavar="QUERY...", help="Whose rule; '*' is every query's.")],
    *,
    index: IndexOption = None,
) -> None:
    """Remove the rules of queries."""
    with one_line_errors():
        chosen = settings(index=index)
        with engine_from(chosen) as engine:
            book = _book(engine, chosen.index)
            missing = [query for query in queries if not book.remove(chosen.index, query)]
    if missing:
        raise fail(f"QUERY: {len(missing)} of {len(queries)} had no rule; see: hybridrank merchandise list")
    stdout.print(f"{len(queries)} rules removed")


def _book(engine: Engine, index: str) -> RuleBook:
    lookup(engine, index)
    return RuleBook(engine)


def _rules(file: Path) -> dict[str, Rule]:
    try:
        value: Any = strictjson.loads(file.read_text("utf-8"))
    except (strictjson.NotStrict, UnicodeDecodeError) as error:
        raise RuleRejected(str(file), f"is no JSON that can be read: {error}") from error
    if not isinstance(value, dict):
        raise RuleRejected(str(file), "expected an object of query to rule")
    rules = {}
    for number, (query, rule) in enumerate(value.items(), 1):
        try:
            rules[query] = read_rule(rule)
        except RuleRejected as error:
            raise RuleRejected(f"rule {number}, {error.field}", error.reason) from error
    return rules


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="merchandise")
