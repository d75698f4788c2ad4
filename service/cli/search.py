"""``hybridrank search``: the answers of ``POST /v1/search`` in a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from ranker.faults import first_fault

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

SizeOption = Annotated[int, typer.Option("--size", min=1, max=100, help="How many results.")]
FromOption = Annotated[int, typer.Option("--from", min=0, help="Place of the first one.")]
SortOption = Annotated[str | None, typer.Option("--sort", help="FIELD:asc or FIELD:desc, such as price:asc.")]
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="FIELD=VALUE", help="Also FIELD=A,B for any of them, price=10..50 for a range."),
]
ShowOption = Annotated[bool, typer.Option("--show-query", help="Print the request to OpenSearch instead of asking it.")]

BARS = {"bm25": "yellow", "text_vector": "blue", "image_vector": "cyan", "behaviour": "magenta"}
WIDTH = 8


def search(
    query: Annotated[str, typer.Argument(help="What to look for; '' browses.")],
    *,
    index: IndexOption = None,
    size: SizeOption = 10,
    first: FromOption = 0,
    sort: SortOption = None,
    filters: FilterOption = None,
    show_query: ShowOption = False,
    json_output: JsonFlag = False,
) -> None:
    """Search a catalogue."""
    from ..parts import Parts
    from ..schemas.search import SearchBody

    with one_line_errors():
        chosen = settings(index=index)
        if len(query) > chosen.max_query_chars:
            raise fail(f"QUERY: at most {chosen.max_query_chars} characters", 2)
        given = {"query": query, "size": size, "from": first, "sort": sort, "filters": read_filters(filters or [])}
        try:
            body = SearchBody.model_validate({name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise fail(first_fault(error), 2) from error
        service = Parts(chosen).search
        if show_query:
            print_json(service.engine_body(body))
            return
        answer = service.answer(body)
    if json_output:
        print_json(json.loads(answer.model_dump_json(exclude_none=True)))
        return
    if answer.did_you_mean:
        stdout.print(f"did you mean: {answer.did_you_mean}", markup=False)
    if answer.degraded:
        stderr.print(f"this answer is not the best one there could be ({answer.degraded})", style="yellow")
    if not answer.results:
        stdout.print("nothing found")
        return
    stdout.print(_table([result.model_dump() for result in answer.results]))
    stdout.print(f"{answer.total} products, {answer.took_ms:.0f} ms", style="dim")


def read_filters(given: list[str]) -> dict[str, Any]:
    """Read ``FIELD=VALUE`` options.

    Raises:
        typer.Exit: one has no ``=``.
    """
    found: dict[str, Any] = {}
    for option in given:
        name, equals, value = option.partition("=")
        if not equals or not name:
            raise fail(f"--filter: expected FIELD=VALUE, not {option!r}", 2)
        low, dots, high = value.partition("..")
        if dots and (_is_number(low) or not low) and (_is_number(high) or not high):
            bounds = {"gte": low, "lte": high}
            found[name] = {bound: float(edge) for bound, edge in bounds.items() if edge}
        elif "," in value:
            found[name] = [_value(part) for part in value.split(",")]
        else:
            found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    return float(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _table(results: list[dict[str, Any]]) -> Table:
    names = [name for name in BARS if any(name in result["signals"] for result in results)]
    best = {name: max(result["signals"].get(name, 0.0) for result in results) or 1.0 for name in names}
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("#", justify="right", style="dim")
    table.add_column("product", ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column("price", justify="right")
    for name in names:
        table.add_column(name.replace("_vector", ""), no_wrap=True)
    table.add_column("score", justify="right")
    for result in results:
        source = result["source"]
        price = source.get("price")
        cells = [_bar(result["signals"].get(name), best[name], BARS[name], bm25=name == "bm25") for name in names]
        table.add_row(
            str(result["rank"]),
            _title(source, result["id"]),
            f"{price:.2f}" if isinstance(price, float | int) else "",
            *cells,
            f"{result['score']:.3f}",
        )
    return table


def _title(source: Mapping[str, Any], name: str) -> Text:
    text = Text(str(source.get("title") or name))
    if source.get("in_stock") is False:
        text.append("  out of stock", style="red")
    return text


def _bar(value: float | None, best: float, style: str, *, bm25: bool) -> Text:
    if value is None:
        return Text(f"{'·' * WIDTH}     –", style="dim")
    filled = round(WIDTH * max(0.0, min(1.0, value / best)))
    text = Text("█" * filled, style=style)
    text.append("░" * (WIDTH - filled), style="dim")
    text.append(f" {value:5.1f}" if bm25 else f" {value:5.2f}")
    return text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)
