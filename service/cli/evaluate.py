"""``hybridrank evaluate``: how good is each system on judged queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.box import SIMPLE
from rich.progress import Progress, TaskID
from rich.table import Table
from typer.core import TyperCommand

from ranker.metrics import METRICS
from ranker.qrels import read_qrels, read_queries
from ranker.runfile import write_run

from ..recommenders import NEXT_SYSTEMS
from ..report import COMPARED, MOVED, SYSTEMS, Comparison, Judged, Report, System
from ..suggesters import SUGGEST_SYSTEMS
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

S = TypeVar("S", bound=str)

SHORT = {
    "ndcg@10_condensed": "condensed",
    "ndcg@10_condensed_floor": "(floor)",
    "precision@10": "p@10",
    "recall@100": "r@100",
    "judged@10": "judged",
}
"""Headings that fit a terminal of 80 columns."""

Names = ", ".join(SYSTEMS)
QueriesOption = Annotated[Path | None, typer.Option("--queries", dir_okay=False, help="query_id<TAB>text lines.")]
QrelsOption = Annotated[
    Path | None, typer.Option("--qrels", dir_okay=False, help="query_id<TAB>product_id<TAB>grade lines.")
]
SystemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--system",
        metavar="NAME...",
        help=f"{Names}; or {', '.join(NEXT_SYSTEMS)} on the log of events; "
        f"or {', '.join(SUGGEST_SYSTEMS)} on --queries.",
    ),
]
MoreSystems = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME...]", help="Further systems, as in --system bm25 ranked.")
]
CompareOption = Annotated[
    list[str] | None,
    typer.Option("--compare", metavar="A B", help="The difference B - A, query by query; may be given several times."),
]
MovedOption = Annotated[int, typer.Option("--moved", min=0, help="How many of the queries that moved --compare names.")]
RunOption = Annotated[
    Path | None,
    typer.Option("--run-out", help="TREC run file; of several systems one each, the name put before the suffix."),
]
PerQueryOption = Annotated[Path | None, typer.Option("--per-query", help="Each query's values as a table (TSV).")]
BudgetOption = Annotated[
    float | None, typer.Option("--budget-ms", min=1, help="The model's time for a query; default: as long as it takes.")
]
LogOption = Annotated[
    bool, typer.Option("--log", help="Judge on the clicks of the search log instead, by inverse propensity.")
]
InterleaveOption = Annotated[
    tuple[str, str] | None,
    typer.Option("--interleave", metavar="A B", help="Let simulated shoppers choose between two systems instead."),
]
ShoppersOption = Annotated[int, typer.Option("--shoppers", min=1, help="People of --interleave.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, help="How long they shop; of a log: how far back.")]
LastOption = Annotated[
    int, typer.Option(min=1, max=100, help="Of recommendations: so many of each person's last items are left out.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of shuffles and resamples.")]


def run(
    more: MoreSystems = None,
    *,
    queries: QueriesOption = None,
    qrels: QrelsOption = None,
    system: SystemOption = None,
    compare: CompareOption = None,
    name: IndexOption = None,
    moved: MovedOption = MOVED,
    run_out: RunOption = None,
    per_query: PerQueryOption = None,
    budget_ms: BudgetOption = None,
    log: LogOption = False,
    interleave: InterleaveOption = None,
    shoppers: ShoppersOption = 200,
    days: DaysOption = 14,
    last: LastOption = 1,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure systems with 95 % bootstrap intervals: on judged queries, on a log, or by interleaving."""
    # Here, so that the other commands start without the models' libraries.
    from ..evaluate import evaluate
    from ..parts import Parts
    from .evaluate_offline import duel, on_log, on_next, on_suggest

    if interleave is not None:
        rivals = _systems(list(interleave), "--interleave")
        if len(rivals) != 2:
            raise fail("--interleave: name two different systems", 2)
        duel(settings(index=name), rivals[0], rivals[1], shoppers=shoppers, days=days, seed=seed, as_json=as_json)
        return
    named = [part.strip() for one in [*(system or []), *(more or []), *(compare or [])] for part in one.split(",")]
    if any(one in NEXT_SYSTEMS for one in named):
        if any(given is not None for given in (queries, qrels, run_out, per_query)) or log:
            names = ", ".join(NEXT_SYSTEMS)
            raise fail(f"--system: {names} are measured on the log; give no files and no --log", 2)
        wanted_next = _by_themselves([*(system or []), *(more or [])], NEXT_SYSTEMS)
        pairs_next = [_pair(_by_themselves([one], NEXT_SYSTEMS)) for one in compare or []]
        on_next(
            settings(index=name),
            wanted_next,
            pairs_next,
            days=days,
            last=last,
            seed=seed,
            display=display,
            as_json=as_json,
        )
        return
    if any(one in SUGGEST_SYSTEMS for one in named):
        if queries is None or any(given is not None for given in (qrels, run_out, per_query)) or log:
            raise fail(f"--system: {', '.join(SUGGEST_SYSTEMS)} are measured on --queries alone; give nothing else", 2)
        typed = _by_themselves([*(system or []), *(more or [])], SUGGEST_SYSTEMS)
        pairs_typed = [_pair(_by_themselves([one], SUGGEST_SYSTEMS)) for one in compare or []]
        on_suggest(settings(index=name), queries, typed, pairs_typed, seed=seed, display=display, as_json=as_json)
        return
    wanted = _systems([*(system or []), *(more or [])], "--system")
    pairs = [_pair(_systems([names], "--compare")) for names in compare or []]
    if not wanted and not pairs:
        raise fail(f"--system: name at least one of {Names}", 2)
    if log:
        systems = wanted or list(dict.fromkeys(system for pair in pairs for system in pair))
        on_log(settings(index=name), systems, seed=seed, display=display, as_json=as_json)
        return
    if queries is None or qrels is None:
        raise fail("--queries and --qrels: both are needed, unless --log or --interleave is given", 2)
    with one_line_errors():
        chosen = settings(index=name)
        judged = Judged.of(read_queries(queries), read_qrels(qrels))
        parts = Parts(chosen)
        with parts.engine, display(len(judged.texts)) as show:
            report = evaluate(
                parts,
                chosen.index,
                judged,
                wanted,
                compare=pairs,
                budget_ms=budget_ms,
                seed=seed,
                listed=moved,
                on_query=show,
            )
        _write_files(report, run_out, per_query)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="evaluate", cls=Evaluate)(run)


class Evaluate(TyperCommand):
    """The command, whose ``--compare A B`` may be given several times: a list of pairs is more than typer reads."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the two names that follow each ``--compare`` by a comma."""
        joined: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            if word == "--compare" and len(rest) > 1 and not any(name.startswith("-") for name in rest[:2]):
                joined += [word, f"{rest.pop(0)},{rest.pop(0)}"]
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


def _systems(given: list[str], option: str) -> list[System]:
    return _chosen(given, SYSTEMS, option, Names)


def _by_themselves(given: list[str], known: tuple[S, ...]) -> list[S]:
    return _chosen(given, known, "--system", f"{', '.join(known)}, which go by themselves")


def _chosen(given: list[str], systems: Sequence[S], option: str, said: str) -> list[S]:
    """Names, also separated by commas, each once; ``said`` are those that there are, for who names another."""
    found: dict[S, None] = {}
    for name in (part.strip() for one in given for part in one.split(",")):
        known = next((system for system in systems if system == name), None)
        if known is None:
            raise fail(f"{option}: {name!r} is not one of {said}", 2)
        found[known] = None
    return list(found)


def _pair(found: list[S]) -> tuple[S, S]:
    if len(found) != 2:
        raise fail("--compare: name two different systems", 2)
    return found[0], found[1]


@contextmanager
def display(queries: int) -> Iterator[Callable[[str, int], None]]:
    """Show how far each system is."""
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def show(system: str, done: int) -> None:
            if system not in tasks:
                tasks[system] = bars.add_task(system, total=queries)
            bars.update(tasks[system], completed=done)

        yield show


def _write_files(report: Report, run_out: Path | None, per_query: Path | None) -> None:
    if run_out is not None:
        for name, system in report.systems.items():
            path = run_out if len(report.systems) == 1 else run_out.with_suffix(f".{name}{run_out.suffix}")
            write_run(path, name, {query_id: answer.ids for query_id, answer in system.answers.items()})
    if per_query is not None:
        lines = ["\t".join(["query_id", "system", *METRICS])]
        for name, system in report.systems.items():
            for query_id, row in zip(report.judged.texts, system.values, strict=True):
                lines.append("\t".join([query_id, name, *(f"{value:.6f}" for value in row)]))
        per_query.write_text("\n".join(lines) + "\n", "utf-8")


def _print(report: Report) -> None:
    table = Table(title=f"{len(report.judged.texts)} queries: mean and 95 % interval", box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("system", no_wrap=True)
    for metric in METRICS:
        table.add_column(SHORT.get(metric, metric), justify="right", no_wrap=True)
    for name, system in report.systems.items():
        cells = [
            f"{one.mean:.3f}" + (f"\n{one.low:.3f}-{one.high:.3f}" if metric in COMPARED else "")
            for metric, one in system.estimates.items()
        ]
        table.add_row(name, *cells)
    stdout.print(table)
    if report.judged.left_out:
        stdout.print(f"left out, without a relevant item: {len(report.judged.left_out)} queries")
    for name, system in report.systems.items():
        if system.degraded:
            stdout.print(f"{name}: {system.degraded} queries were not ranked by the model (time budget)", style="red")
    for (first, second), compared in report.comparisons.items():
        for one in compared:
            _print_comparison(first, second, one)


def _print_comparison(first: str, second: str, one: Comparison) -> None:
    estimate = one.difference
    stdout.print(
        f"{one.metric}: {second} - {first} = {estimate.mean:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f}), "
        f"p = {one.p:.4f}; "
        f"better on {one.better} queries, worse on {one.worse}",
        markup=False,
        soft_wrap=True,
    )
    for query in one.moved:
        change = query.second - query.first
        line = f"  {change:+.3f}  {query.first:.3f} -> {query.second:.3f}  {query.query_id}  {query.text}"
        stdout.print(line, markup=False, soft_wrap=True)
