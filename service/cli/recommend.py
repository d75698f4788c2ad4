"""``hybridrank recommend``: the answers of ``GET /v1/recommend`` in a terminal."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

ItemOption = Annotated[str | None, typer.Option("--item", help="Id of the product that is looked at.")]
ForOption = Annotated[str | None, typer.Option("--for", help="The shop's own name of the person who looks.")]
SocialOption = Annotated[bool, typer.Option("--social", help="Let what the person's friends share count.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Whose people; the default is the demo's.")]
SizeOption = Annotated[int, typer.Option("--size", min=1, max=50, help="How many.")]
DiversityOption = Annotated[
    float, typer.Option("--diversity", min=0.0, max=1.0, help="0: by score alone; 1: as different as can be.")
]
ExcludeOption = Annotated[list[str] | None, typer.Option("--exclude", help="Ids that must not come.")]


def recommend(
    *,
    item: ItemOption = None,
    person: ForOption = None,
    social: SocialOption = False,
    tenant: TenantOption = None,
    index: IndexOption = None,
    size: SizeOption = 8,
    diversity: DiversityOption = 0.2,
    exclude: ExcludeOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Recommend products beside one that is looked at, or for a person."""
    from personal.visitor import NOBODY, Visitor

    from ..keys import DEFAULT_TENANT
    from ..parts import Parts
    from ..problems import Problem
    from ..recommend import Ask

    if social and person is None:
        raise fail("--social: name the person whose friends are meant, with --for", 2)
    with one_line_errors():
        parts = Parts(settings(index=index))
        visitor = NOBODY
        if person is not None:
            known = parts.keystore.find(tenant or DEFAULT_TENANT, person)
            if known is None:
                raise fail("--for: nobody of that name has been here; give the shop's own name, and its --tenant")
            visitor = Visitor(known.tenant, known)
        try:
            found = parts.recommend.answer(
                Ask(index, item, size, diversity, tuple(exclude or ()), visitor, None, social)
            )
        except Problem as error:
            raise fail(error.detail) from error
    if json_output:
        print_json(json.loads(found.model_dump_json(exclude_none=True)))
        return
    if found.degraded:
        stderr.print(f"this answer is not the best one there could be ({found.degraded})", style="yellow")
    if not found.recommendations:
        stdout.print("nothing to recommend: no item, no visit, and nothing that many people look at")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("#", justify="right", style="dim")
    table.add_column("product", ratio=2, overflow="ellipsis", no_wrap=True)
    table.add_column("why", ratio=2, overflow="ellipsis", no_wrap=True)
    table.add_column("score", justify="right")
    for place, one in enumerate(found.recommendations, 1):
        table.add_row(str(place), str(one.source.get("title") or one.id), one.reason, f"{one.score:.3f}")
    stdout.print(table)
    stdout.print(f"{found.took_ms:.0f} ms", style="dim")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(recommend)
