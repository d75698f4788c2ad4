"""``hybridrank explain``: why a result stands where it does, in a terminal; and pictures of a model."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import ValidationError

from ranker.faults import first_fault

from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout
from .evaluate import QrelsOption, QueriesOption
from .explain_shown import show
from .search import FilterOption, read_filters

if TYPE_CHECKING:
    from ..explain.opinions import Opinions
    from ..parts import Parts


class MethodName(StrEnum):
    """Ways to say what matters."""

    SHAPLEY = "shapley"
    LIME = "lime"
    GRADIENTS = "gradients"


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
MethodOption = Annotated[
    list[MethodName] | None,
    typer.Option(
        "--method",
        help="Ask lime or gradients as well; may be given again. Both need the 'train' extra.",
    ),
]
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
    method: MethodOption = None,
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
    others = [name for name in dict.fromkeys(method or ()) if name is not MethodName.SHAPLEY]
    if others:
        need_opinions(suggest=suggest)
    from ..explain import KINDS
    from ..explain.seen import nobody
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
            raise fail(first_fault(error), 2) from error
        parts = Parts(chosen)
        second = second_opinions(parts, [name.value for name in others], passes) if others else None
        with parts.engine:
            try:
                answer = KINDS[kind](parts, body, look=second.look if second is not None else nobody)
            except Problem as error:
                raise fail(error.detail) from error
            opinions = second.found(answer.words) if second is not None else []
    found = json.loads(answer.model_dump_json(exclude_none=True))
    if json_output:
        print_json({**found, **({"opinions": [one.as_json() for one in opinions]} if others else {})})
        return
    if others and not opinions:
        stderr.print("no model ranked this, so there is no other opinion on it", style="yellow")
    show(found, [one.as_json() for one in opinions], body.language)


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


def need_opinions(*, suggest: bool) -> None:
    """End with one line where there can be no second opinion."""
    if suggest:
        raise fail("--method: a suggestion is the sum of its parts; there is one way to say so", 2)
    missing = [name for name in ("torch", "captum", "lime") if importlib.util.find_spec(name) is None]
    if missing:
        raise fail(
            f"--method: lime and gradients need {missing[0]}, which the 'train' extra brings: "
            "pip install 'hybridrank[train]'",
            2,
        )


def second_opinions(parts: Parts, methods: Sequence[str], passes: int) -> Opinions:
    """Who is asked beside the Shapley values; what it needs is imported here and nowhere else."""
    from ..explain.opinions import METHODS, Opinions

    return Opinions(parts.ranker, [name for name in METHODS if name in methods], passes=passes)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="explain")(explain)
