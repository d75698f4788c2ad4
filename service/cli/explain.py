"""``hybridrank explain``: why a result stands where it does, in a terminal; and pictures of a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout
from .evaluate import QrelsOption, QueriesOption
from .search import FilterOption, read_filters

WIDTH = 24
TERMINAL_MS = 10_000
LanguageOption = Annotated[str, typer.Option("--language", help="en or zh: of the sentences.")]
PassesOption = Annotated[int, typer.Option("--passes", min=0, max=200, help="Readings for the words; 0: no words.")]
ModelOption = Annotated[
    Path | None, typer.Option("--model", file_okay=False, exists=True, help="Draw this model instead of one result.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder of the pictures; default: beside the model's card, linked from it.")
]
BesideFlag = Annotated[bool, typer.Option("--beside", help="QUERY is the id of the viewed product, ITEM recommended.")]
SuggestFlag = Annotated[bool, typer.Option("--suggest", help="QUERY is what was typed, ITEM the suggestion.")]


def explain(
    query: Annotated[str | None, typer.Argument(help="As it is searched.")] = None,
    item: Annotated[str | None, typer.Argument(help="Id of the product.")] = None,
    *,
    model: ModelOption = None,
    queries: QueriesOption = None,
    qrels: QrelsOption = None,
    out: OutOption = None,
    index: IndexOption = None,
    filters: FilterOption = None,
    suggest: SuggestFlag = False,
    beside: BesideFlag = False,
    language: LanguageOption = "en",
    passes: PassesOption = 200,
    json_output: JsonFlag = False,
) -> None:
    """Say why a product stands where it does among the results of a search; or, with --model, draw a whole model."""
    if model is not None:
        if queries is None or qrels is None:
            raise fail("--queries and --qrels: both are needed with --model", 2)
        _portray(model, queries, qrels, out, index, as_json=json_output)
        return
    if query is None or item is None:
        raise fail("QUERY ITEM: name a query and a product's id, or --model FOLDER", 2)
    from ..explain import KINDS
    from ..parts import Parts
    from ..problems import Problem
    from ..schemas.explain import ExplainBody

    kind: Literal["search", "recommend", "suggest"] = "suggest" if suggest else "recommend" if beside else "search"
    given = {
        "query": None if beside else query,
        "item": query if beside else None,
        "id": item,
        "kind": kind,
        "language": language,
        "passes": passes,
        "limit_ms": TERMINAL_MS,
        "filters": read_filters(filters or []) or None,
    }
    with one_line_errors():
        chosen = settings(index=index)
        try:
            body = ExplainBody.model_validate({name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise fail(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}", 2) from error
        parts = Parts(chosen)
        with parts.engine:
            try:
                answer = KINDS[kind](parts, body)
            except Problem as error:
                raise fail(error.detail) from error
    found = json.loads(answer.model_dump_json(exclude_none=True))
    if json_output:
        print_json(found)
    else:
        _print(found)


def _portray(folder: Path, queries: Path, qrels: Path, out: Path | None, index: str | None, *, as_json: bool) -> None:
    from ranker.explain.portrait import as_json as written
    from ranker.qrels import read_qrels, read_queries

    from ..explain.model import PICTURES, portray
    from ..parts import Parts
    from ..report import Judged
    from .evaluate import display

    where = out or folder / PICTURES
    card = folder / "README.md"
    with one_line_errors():
        judged = Judged.of(read_queries(queries), read_qrels(qrels))
        parts = Parts(settings(index=index, model=str(folder)))
        beside = card if out is None and card.is_file() else None
        with parts.engine, display(len(judged.texts)) as show:
            found, report, files = portray(parts, judged, where, card=beside, on_query=show)
    if as_json:
        compared = report.as_json()["compare"][0]["metrics"]
        print_json({**written(found), "bm25": compared, "files": [str(file) for file in files]})
        return
    for one in found.importance:
        size = one.size
        stdout.print(f"{one.name:14} {size.mean:.3f} ({size.low:.3f}-{size.high:.3f}) logits, on {one.known:.0%}")
    stdout.print(f"mean distance of score and share of relevant ones: {found.calibration.error:.3f}")
    stdout.print(f"drawn: {files[-1]}", markup=False, soft_wrap=True)


def _print(found: dict[str, Any]) -> None:
    stdout.print(f"place {found['rank']}  {found['id']}", style="bold", markup=False)
    for sentence in found["why"]:
        stdout.print(f"  {sentence}", markup=False)
    if "degraded" in found:
        stderr.print(f"this answer is not the best one there could be ({found['degraded']})", style="yellow")
    if "unit" in found:
        stdout.print(_table(found))
    for where in ("query", "title"):
        words = found.get("words", {}).get(where, [])
        if words:
            stdout.print(Text.assemble((f"{where:6}", "dim"), *(_word(word) for word in words)), soft_wrap=True)
    swap = found.get("swap")
    if swap is not None:
        changes = "; ".join(change["text"] for change in swap["changes"])
        nothing = "nothing small that was tried" if swap["complete"] else "nothing found in time"
        line = f"{swap['id']} would pass {swap['passes']} with: {changes or nothing}"
        stdout.print(line, markup=False, soft_wrap=True)


def _table(found: dict[str, Any]) -> Table:
    """Bars from the middle to either side; they add up to the last line."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("why", "left"), ("", "left"), (found["unit"], "right"), ("signal", "right")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    largest = max((abs(part["value"]) for part in found["contributions"]), default=1.0) or 1.0
    table.add_row("where it starts", "", f"{found['base']:+.3f}", "", style="dim")
    for part in found["contributions"]:
        half = WIDTH // 2
        long = max(1, round(half * abs(part["value"]) / largest))
        bar = " " * half + "█" * long if part["value"] > 0 else (" " * (half - long) + "█" * long)
        raw = f"{part['signal']:.3f}" if "signal" in part else ""
        style = "green" if part["value"] > 0 else "red"
        table.add_row(part["label"], Text(bar.ljust(WIDTH), style=style), f"{part['value']:+.3f}", raw)
    table.add_row("sum", f"score {found['score']:.3f}", f"{found['value']:+.3f}", "", style="bold")
    return table


def _word(word: dict[str, Any]) -> tuple[str, str]:
    value = word["value"]
    style = "dim" if abs(value) < 0.01 else ("green" if value > 0 else "red")
    return f"{word['text']} {value:+.2f}  ", style


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="explain")(explain)
