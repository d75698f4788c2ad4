"""``hybridrank related``: the answers of ``GET /v1/related`` in a terminal."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout


def related(
    query: Annotated[str, typer.Argument(help="What was searched for.")],
    *,
    index: IndexOption = None,
    size: Annotated[int, typer.Option("--size", min=1, max=20, help="How many of each.")] = 8,
    json_output: JsonFlag = False,
) -> None:
    """Search, and show queries and products to go on with."""
    from ..parts import Parts
    from ..problems import Problem
    from ..related import related as find
    from ..schemas.search import SearchBody

    with one_line_errors():
        parts = Parts(settings(index=index))
        try:
            results = parts.search.answer(SearchBody.model_validate({"query": query, "size": 10})).results
            found = find(parts, index, query, tuple(result.id for result in results), size)
        except Problem as error:
            raise fail(error.detail) from error
    if json_output:
        print_json(json.loads(found.model_dump_json(exclude_none=True)))
        return
    if found.degraded:
        stderr.print(f"this answer is not the best one there could be ({found.degraded})", style="yellow")
    for one in found.queries:
        stdout.print(f"{one.score:.2f}  {one.text}  ({one.reason})", markup=False)
    for beside in found.documents:
        title = beside.source.get("title") or beside.id
        stdout.print(f"{beside.score:.2f}  {title}  ({beside.reason})", markup=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(related)
