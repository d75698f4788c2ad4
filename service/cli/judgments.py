"""``hybridrank judgments``: what people judged, in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from personal.event_times import now_ms
from personal.judgments import JudgmentBook, by_query
from plugin.catalogue import lookup
from ranker.errors import JudgmentError
from ranker.judgmentfiles import grade_of, read_ubi, read_workbench, ubi_lines, workbench
from ranker.qrels import read_qrels, read_queries, write_judged

from ..engine import engine_from
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stdout

commands = typer.Typer(help="Judgments: grades of products for queries, 0 to 3.", no_args_is_help=True)
FORMATS = ("qrels", "workbench", "ubi")
SUFFIXES = {".tsv": "qrels", ".json": "workbench", ".jsonl": "ubi"}

FormatOption = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; left out, the file's name tells.")
]


@commands.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="A folder for queries.tsv and qrels.tsv, or a .json or .jsonl file.")],
    *,
    form: FormatOption = None,
    index: IndexOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Write what was judged: as 'evaluate' and 'train' take it, for the Search Relevance Workbench, or as UBI."""
    kind = _format(form, out)
    with one_line_errors():
        chosen = settings(index=index)
        with engine_from(chosen) as engine:
            lookup(engine, chosen.index)
            rows = JudgmentBook(engine).all(chosen.index)
        if not rows:
            raise JudgmentError(f"index: nothing is judged in catalogue {chosen.index!r}")
        texts, grades = by_query(rows)
        if kind == "qrels":
            out.mkdir(parents=True, exist_ok=True)
            write_judged(out, texts, grades)
        else:
            body = "".join(ubi_lines(rows)) if kind == "ubi" else _json(workbench(rows, f"hybridrank {chosen.index}"))
            part = out.with_name(f".part-{out.name}")
            part.write_text(body, "utf-8")
            part.replace(out)
    if json_output:
        print_json({"queries": len(texts), "judgments": len(rows), "format": kind, "out": str(out)})
    else:
        stdout.print(f"{len(rows)} judgments of {len(texts)} queries in {out}", markup=False)


@commands.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="qrels.tsv, a workbench's .json, or UBI judgments as .jsonl.")],
    *,
    queries: Annotated[Path | None, typer.Option(help="queries.tsv that goes with qrels.tsv; else beside it.")] = None,
    form: FormatOption = None,
    scale: Annotated[float, typer.Option(help="The file's top rating; grades are rounded to 0 to 3.", min=1e-9)] = 3.0,
    index: IndexOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Read judgments into the catalogue; all of them are checked before the first is written."""
    kind = _format(form, file)
    with one_line_errors():
        judged: dict[str, dict[str, int | None]] = {}
        for text, item, grade in _read(file, kind, queries, scale):
            judged.setdefault(text, {})[item] = grade
        chosen = settings(index=index)
        with engine_from(chosen) as engine:
            lookup(engine, chosen.index)
            count = JudgmentBook(engine).put_all(chosen.index, judged, now_ms=now_ms())
    if json_output:
        print_json({"queries": len(judged), "judgments": count, "format": kind})
    else:
        stdout.print(f"{count} judgments of {len(judged)} queries read", markup=False)


@commands.command("list")
def show(*, index: IndexOption = None, json_output: JsonFlag = False) -> None:
    """Show the judged queries."""
    with one_line_errors():
        chosen = settings(index=index)
        with engine_from(chosen) as engine:
            lookup(engine, chosen.index)
            texts, grades = by_query(JudgmentBook(engine).all(chosen.index))
    if json_output:
        print_json({texts[name]: found for name, found in grades.items()})
        return
    for name, text in texts.items():
        relevant = sum(grade > 0 for grade in grades[name].values())
        stdout.print(f"{text}: {len(grades[name])} judged, {relevant} above 0", markup=False)
    if not texts:
        stdout.print("nothing is judged")


def _format(given: str | None, path: Path) -> str:
    kind = given or SUFFIXES.get(path.suffix, "qrels")
    if kind not in FORMATS:
        raise fail(f"--format: {kind!r} is not one of {', '.join(FORMATS)}", 2)
    return kind


def _read(file: Path, kind: str, queries: Path | None, scale: float) -> list[tuple[str, str, int]]:
    if kind == "workbench":
        return list(read_workbench(file, scale))
    if kind == "ubi":
        return list(read_ubi(file, scale))
    texts = read_queries(queries or file.parent / "queries.tsv")
    found = []
    for query_id, grades in read_qrels(file).items():
        if query_id not in texts:
            raise JudgmentError(f"{file}: query_id: {query_id!r} is not in the file of queries")
        for item, grade in grades.items():
            found.append((texts[query_id], item, grade_of(grade, scale, f"{file}: grade of {query_id!r}, {item!r}")))
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="judgments")
