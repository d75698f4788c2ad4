"""``hybridrank index``: a catalogue into OpenSearch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Display

from indexer import Progress, Summary, backfill
from indexer.records import Rejection
from indexer.sharding import parse_share
from indexer.summary import SHOWN_PROBLEMS, OnProgress
from plugin.names import check_catalogue_name

from ..engine import engine_from
from ..indexing import Indexing, index_files, text_encoder
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

DEAD_LETTERED = 3
"""Exit status when everything was done but some lines or pictures could not be taken."""

FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="JSON Lines, CSV or Parquet, or dead letters; - is standard input."),
]
ImagesOption = Annotated[
    Path | None,
    typer.Option("--images", file_okay=False, exists=True, help="Folder of the files that image and video name."),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Analysis and encoder: en, zh, ...; the catalogue's own, or en.")
]
RebuildOption = Annotated[
    bool, typer.Option("--rebuild", help="Fill a new generation and swap it in when it is whole.")
]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N shares of the lines.")
]
RayOption = Annotated[
    int | None, typer.Option("--ray", min=1, help="So many workers of a Ray cluster, each with shares of the lines.")
]
BackfillOption = Annotated[bool, typer.Option("--backfill", help="Give vectors to documents that others wrote.")]


def index(
    files: FilesArgument = None,
    *,
    name: IndexOption = None,
    images: ImagesOption = None,
    language: LanguageOption = None,
    rebuild: RebuildOption = False,
    backfill_: BackfillOption = False,
    shard: ShardOption = None,
    ray: RayOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Index a catalogue: check it line by line, encode its texts, write it to OpenSearch.

    The same command again, also after a crash, goes on where it stopped. Exit status: 0 done; 1 failed; 2 wrong
    usage; 3 done, but some lines or pictures could not be taken (see the dead-letter file that the summary names).
    """
    if not files and not backfill_:
        raise fail("FILE: give at least one catalogue file, - for standard input, or --backfill", 2)
    if ray is not None and (shard is not None or "-" in (files or ())):
        raise fail("--ray: makes the shares by itself and reads files that every worker sees; no --shard, no -", 2)
    from ..suggest import build_phrases

    with one_line_errors():
        chosen = settings(index=name)
        check_catalogue_name(chosen.index)
        share = parse_share(shard) if shard is not None else None
        wanted = Indexing(tuple(files or ()), chosen.index, language, rebuild, images)
        with engine_from(chosen) as engine:
            summaries: list[Summary] = []
            with _display() as show:
                if files and ray is not None:
                    from ..raydata import index_by_ray

                    summaries.append(index_by_ray(wanted, workers=ray))
                elif files:
                    summaries.append(
                        index_files(wanted, chosen, engine, share=share, on_progress=show, on_rejection=_Reports())
                    )
                if files and not summaries[0].shares_to_come:
                    build_phrases(engine, chosen.index)
                if backfill_:
                    summaries.append(
                        backfill.run(
                            engine=engine,
                            catalogue=chosen.index,
                            home=chosen.home,
                            encoder=text_encoder(chosen, engine, language),
                            on_progress=show,
                            on_rejection=_Reports(),
                        )
                    )
    _print(summaries, json_output)
    if any(summary.dead_lettered or summary.pictures_dead_lettered for summary in summaries):
        raise typer.Exit(DEAD_LETTERED)


class _Reports:
    """Prints each line that could not be taken, the first of them."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, rejection: Rejection) -> None:
        self._count += 1
        if self._count > SHOWN_PROBLEMS + 1:
            return
        if self._count > SHOWN_PROBLEMS:
            stderr.print("further lines that could not be taken are in the dead-letter file only")
            return
        field = f"{rejection.field}: " if rejection.field else ""
        stderr.print(f"{rejection.place}: {field}{rejection.reason}", markup=False, soft_wrap=True)


@contextmanager
def _display() -> Iterator[OnProgress]:
    """A bar on a terminal, nothing elsewhere."""
    words = {"check": "checking", "index": "indexing", "backfill": "adding vectors"}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Display(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as display:
        task = display.add_task("looking at the catalogue", total=None)

        def show(progress: Progress) -> None:
            display.update(task, description=words[progress.phase], completed=progress.done, total=progress.total)

        yield show


def _print(summaries: list[Summary], json_output: bool) -> None:
    if json_output:
        first = summaries[0].as_json()
        print_json({**first, "backfill": summaries[1].as_json()} if len(summaries) > 1 else first)
        return
    for summary in summaries:
        for what in summary.installed:
            stdout.print(f"installed {what}", markup=False)
        for line in _lines(summary):
            stdout.print(line, markup=False, soft_wrap=True)


def _lines(summary: Summary) -> Iterator[str]:
    yield (
        f"{summary.index}: read {summary.read} = indexed {summary.indexed} + unchanged {summary.unchanged} "
        f"+ dead-lettered {summary.dead_lettered}"
    )
    yield (
        f"{summary.seconds:.1f} s, {summary.documents_per_second:.0f} documents/s; {summary.encoded} texts encoded by "
        f"{summary.encoder}, {summary.reused_vectors} vectors reused, {summary.retries} requests sent again"
    )
    if summary.image_encoder and (summary.pictures or summary.clips or summary.pictures_dead_lettered):
        yield (
            f"{summary.pictures} pictures and {summary.clips} clips encoded by {summary.image_encoder}, "
            f"{summary.pictures_dead_lettered} could not be taken (their products were indexed without them)"
        )
    if summary.pictures_left_out:
        yield (
            f"{summary.pictures_left_out} pictures and clips were left out: paths need --images, URLs their hosts in "
            "HYBRIDRANK_PICTURE_HOSTS"
        )
    if summary.duplicates:
        lines = "1 line was" if summary.duplicates == 1 else f"{summary.duplicates} lines were"
        yield f"{lines} left out because a later line has the same id"
    if summary.newer:
        yield f"{summary.newer} documents were left alone because a later run has written them"
    if summary.shares_to_come:
        yield f"share {summary.shard} is whole; the live generation stays until {summary.shares_to_come} more are"
    if summary.rebuilt:
        yield "the new generation is live"
    if summary.dead_letters:
        yield f"dead letters: {summary.dead_letters} (mend the cause, then: hybridrank index that file)"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("index")(index)
