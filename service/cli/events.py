"""``hybridrank events``: logs of behaviour into ``ubi_events``, every line accounted for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from indexer import strictjson
from indexer.deadletters import DeadLetters, new_stem
from indexer.records import Rejection, Row
from indexer.summary import SHOWN_PROBLEMS
from personal.friends import MAX_SUBJECT_CHARS
from personal.keystore import KeyStore
from personal.vault import session_owner
from plugin.catalogue import lookup

from ..behaviour import Behaviour
from ..eventfiles import event_of, read
from ..eventletters import STEM, expire, folder_of
from ..keys import DEFAULT_TENANT
from .console import IndexOption, JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

DEAD_LETTERED = 3
"""Exit status when everything was done but some lines could not be taken."""
BATCH = 500

FilesArgument = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE...", help="UBI JSON Lines or CSV, each also .gz, or dead letters.")
]
ReconcileOption = Annotated[
    bool, typer.Option("--reconcile", help="Count what is in ubi_events and not counted yet; drop outdated counters.")
]
PeopleOption = Annotated[
    bool,
    typer.Option(
        "--people", help="Users are named as in person tokens: keep their pseudonyms, so that an erasure finds them."
    ),
]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose people, with --people.")]
EstimateOption = Annotated[
    bool, typer.Option("--estimate-positions", help="Say how fast attention falls with the rank, from what is counted.")
]


@dataclass(slots=True)
class Summary:
    """What a run did. ``read == stored + duplicates + rejected`` and ``stored == counted + sum(uncounted)``.

    Attributes:
        read: lines, the empty ones left out.
        stored: events written to ``ubi_events`` now.
        duplicates: events that were there, or stand twice in the files.
        rejected: lines that are no event; each lies in ``dead_letters``.
        counted: stored events that move a counter.
        uncounted: stored events that do not, by reason.
        problems: rejected lines, by reason.
        reconciled: events that were looked at for being counted, with ``--reconcile``.
        dropped: outdated counters that were deleted, with ``--reconcile``.
        examination_eta: with ``--estimate-positions``; ``None`` where there are too few clicks to tell.
    """

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    counted: int = 0
    uncounted: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    dead_letters: str | None = None
    seconds: float = 0.0
    reconciled: int | None = None
    dropped: int | None = None
    examination_eta: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The summary as JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"uncounted": dict(self.uncounted), "problems": dict(self.problems.most_common())}

    def check(self) -> None:
        """Raise AssertionError when a line went missing in the counting: that is a bug, and must not pass unseen."""
        if self.read != self.stored + self.duplicates + self.rejected:
            raise AssertionError("the summary does not add up: read is not stored + duplicates + rejected")
        if self.stored != self.counted + sum(self.uncounted.values()):
            raise AssertionError("the summary does not add up: stored is not counted + uncounted")


def events(
    files: FilesArgument = None,
    *,
    name: IndexOption = None,
    people: PeopleOption = False,
    tenant: TenantOption = DEFAULT_TENANT,
    reconcile: ReconcileOption = False,
    estimate_positions: EstimateOption = False,
    json_output: JsonFlag = False,
) -> None:
    """Take behaviour logs in: UBI 1.3.0 events as JSON Lines, or CSV with user, item, action, time.

    With --index every event is that catalogue's; without it an event belongs to its own application. The same
    command again changes nothing. Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but some lines could not be
    taken (they lie for 30 days in the dead-letter file that the summary names).
    """
    from ..parts import Parts

    if not files and not reconcile and not estimate_positions:
        raise fail("FILE: give at least one log, --reconcile or --estimate-positions", 2)
    started = time.monotonic()
    summary = Summary()
    with one_line_errors():
        chosen = settings(index=name)
        with closing(Parts(chosen)) as parts:
            if name is not None or estimate_positions:
                lookup(parts.engine, chosen.index)
            behaviour = parts.behaviour
            if files:
                expire(chosen.home)
                whose = _named(parts.keystore, tenant) if people else None
                with DeadLetters(folder_of(chosen.home), STEM + new_stem()) as letters, _display() as show:
                    run = _Run(behaviour, summary, letters, chosen.index, name, whose=whose)
                    for file in files:
                        for row in read(file):
                            run.take(row)
                            show(summary)
                    run.flush()
                    summary.dead_letters = str(letters.path) if letters.count else None
            if reconcile:
                summary.reconciled = behaviour.reconciler.run()
                summary.dropped = behaviour.reconciler.clean()
            if estimate_positions:
                summary.examination_eta = behaviour.reader.estimated_eta(chosen.index)
    summary.seconds = round(time.monotonic() - started, 3)
    summary.check()
    _print(summary, json_output, estimate_positions)
    if summary.rejected:
        raise typer.Exit(DEAD_LETTERED)


class _Run:
    """Rows in batches through the intake."""

    def __init__(
        self,
        behaviour: Behaviour,
        summary: Summary,
        letters: DeadLetters,
        default: str,
        catalogue: str | None,
        *,
        whose: Callable[[dict[str, Any]], dict[str, Any]] | None,
    ) -> None:
        self._intake = behaviour.intake
        self._summary = summary
        self._letters = letters
        self._default = default
        self._catalogue = catalogue
        self._whose = whose
        self._rows: list[Row] = []
        self._events: list[dict[str, Any]] = []

    def take(self, row: Row | Rejection) -> None:
        """One row of a file."""
        self._summary.read += 1
        if isinstance(row, Rejection):
            self._reject(row)
            return
        try:
            event = event_of(row)
        except strictjson.NotStrict as error:
            self._reject(Rejection(row.place, row.form, row.raw, error.field, str(error)))
            return
        if self._whose is not None:
            event = self._whose(event)
        self._rows.append(row)
        self._events.append(event)
        if len(self._events) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Store and count what is waiting."""
        if not self._events:
            return
        taken = self._intake.take(self._events, default=self._default, catalogue=self._catalogue)
        for refusal in taken.rejected:
            row = self._rows[refusal.index]
            self._reject(Rejection(row.place, row.form, row.raw, refusal.field or None, refusal.reason))
        summary = self._summary
        summary.stored += taken.stored
        summary.duplicates += taken.duplicates
        summary.counted += taken.counted
        summary.uncounted.update(taken.uncounted)
        if taken.fold_failed:
            summary.uncounted["counted_later"] += taken.stored - taken.counted - sum(taken.uncounted.values())
        self._rows, self._events = [], []

    def _reject(self, rejection: Rejection) -> None:
        self._summary.rejected += 1
        self._letters.write(rejection)
        reason = f"{rejection.field}: {rejection.reason}" if rejection.field else rejection.reason
        self._summary.problems[reason] += 1
        if self._summary.rejected <= SHOWN_PROBLEMS:
            stderr.print(f"{rejection.place}: {reason}", markup=False, soft_wrap=True)


def _named(store: KeyStore, tenant: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Puts what stands for a person and a visit in the place of their names."""

    @lru_cache(maxsize=100_000)
    def person(name: str) -> str:
        return store.obtain(tenant, name).pseudonym

    @lru_cache(maxsize=100_000)
    def visit(name: str) -> str:
        return session_owner(store, tenant, name)

    def named(event: dict[str, Any]) -> dict[str, Any]:
        known = dict(event)
        for place, of in (("client_id", person), ("session_id", visit)):
            name = known.get(place)
            if isinstance(name, str) and 0 < len(name) <= MAX_SUBJECT_CHARS:
                known[place] = of(name)
        return known

    return named


@contextmanager
def _display() -> Iterator[Any]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as display:
        task = display.add_task("reading")

        def show(summary: Summary) -> None:
            if summary.read % 100 == 0:
                display.update(task, description=f"{summary.read} lines, {summary.rejected} rejected")

        yield show


def _print(summary: Summary, json_output: bool, estimated: bool) -> None:
    if json_output:
        print_json(summary.as_json())
        return
    if summary.read:
        stdout.print(
            f"read {summary.read} = stored {summary.stored} + duplicates {summary.duplicates} "
            f"+ rejected {summary.rejected}; {summary.seconds:.1f} s"
        )
        others = "".join(
            f" + {reason.replace('_', ' ')} {count}" for reason, count in sorted(summary.uncounted.items())
        )
        stdout.print(f"stored {summary.stored} = counted {summary.counted}{others}")
        for reason, count in summary.problems.most_common(20):
            stdout.print(f"rejected {count}: {reason}", markup=False, soft_wrap=True)
    if summary.reconciled is not None:
        stdout.print(f"looked at {summary.reconciled} events; dropped {summary.dropped} outdated counters")
    if estimated:
        found = "too few clicks to tell" if summary.examination_eta is None else f"{summary.examination_eta:g}"
        stdout.print(f"examination eta: {found} (setting HYBRIDRANK_EXAMINATION_ETA)")
    if summary.dead_letters:
        stdout.print(f"dead letters: {summary.dead_letters}", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events")(events)
