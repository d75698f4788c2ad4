"""``hybridrank sample``: the sample shop as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import JsonFlag, fail, one_line_errors, print_json, stdout

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Where the files go.")]
ProductsOption = Annotated[int, typer.Option("--products", min=1, help="How many products.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same shop.")]
QueriesOption = Annotated[int, typer.Option("--queries", min=0, help="How many judged queries.")]
ShoppersOption = Annotated[int, typer.Option("--shoppers", min=0, help="Simulated people, in events.jsonl.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, help="How long they shop.")]
ImagesOption = Annotated[bool, typer.Option("--images/--no-images", help="Draw the pictures.")]


def sample(
    folder: FolderArgument,
    *,
    products: ProductsOption = 1000,
    seed: SeedOption = 7,
    queries: QueriesOption = 200,
    shoppers: ShoppersOption = 0,
    days: DaysOption = 14,
    images: ImagesOption = True,
    as_json: JsonFlag = False,
) -> None:
    """Write the sample shop: products.jsonl, images/, queries.tsv, qrels.tsv, and the events of simulated shoppers."""
    with one_line_errors():
        try:
            counts = _write(folder, seed, products, queries, images) | _simulate(folder, seed, products, shoppers, days)
        except ValueError as error:
            raise fail(str(error), 2) from error
    if as_json:
        print_json({"folder": str(folder), "seed": seed, **counts})
        return
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    stdout.print(f"{folder}: {told}", markup=False, soft_wrap=True)


def _write(folder: Path, seed: int, products: int, queries: int, images: bool) -> dict[str, int]:
    from indexer.sample import write_sample

    return write_sample(folder, seed=seed, products=products, queries=queries, images=images)


def _simulate(folder: Path, seed: int, products: int, shoppers: int, days: int) -> dict[str, int]:
    """Write events.jsonl (and what was asked, in ubi_queries.jsonl) of shoppers who use a search by words."""
    if shoppers == 0:
        return {}
    from indexer.sample import generate, phrases, write_lines
    from personal.shoppers import LexicalSearch, Market, make_shoppers, simulate

    catalogue = list(generate(seed, products))
    market = Market.of(catalogue, seed)
    people = make_shoppers(market, shoppers, seed)
    records = list(simulate(people, LexicalSearch(catalogue), market, seed, days=days, phrases=phrases()))
    written = {}
    for kind, name in (("event", "events.jsonl"), ("query", "ubi_queries.jsonl")):
        written[name] = write_lines(folder / name, (r.document for r in records if r.kind == kind))
    return {"shoppers": len(people), "events": written["events.jsonl"], "searches": written["ubi_queries.jsonl"]}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sample)
