"""Behaviour logs as files, graded."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.records import Row
from indexer.strictjson import NotStrict
from personal.clicklogs import Clicked, exposures, learned, of_each_person
from personal.errors import EventRejected
from personal.event_times import milliseconds
from personal.positions import DEFAULT_ETA

from .eventfiles import event_of, read


@dataclass(frozen=True, slots=True)
class Log:
    """What logs say.

    Attributes:
        clicked: of everybody together.
        people: grades by person, query and item, where they were asked for; people are running numbers.
        seen: first and last moment of an event, epoch milliseconds.
    """

    clicked: Clicked
    people: dict[str, dict[str, dict[str, float]]]
    seen: tuple[int, int] | None


def read_clicks(events: Sequence[Path], asked: Sequence[Path], *, eta: float | None, by_person: bool = False) -> Log:
    """Read logs and grade what they show; lines that are no event are passed over.

    Args:
        events: UBI events, or CSV.
        asked: UBI queries.
        eta: as :func:`personal.clicklogs.learned` takes it; by person, ``None`` is the prior.
        by_person: grade each person's own clicks, and not everybody's together.

    Raises:
        CatalogueError: a file cannot be read as a log.
    """
    queries = {
        str(row["query_id"]): str(row["user_query"])
        for row in rows_of(asked)
        if "query_id" in row and "user_query" in row
    }
    moments = Moments()
    told = moments.of(rows_of(events))
    if not by_person:
        return Log(learned(exposures(told, queries), eta), {}, moments.both)
    used = DEFAULT_ETA if eta is None else eta
    graded = of_each_person(told, queries, eta=used)
    names = sorted(graded)
    random.SystemRandom().shuffle(names)  # a number says nothing, not even whose pseudonym is the smallest
    people = {f"p{number:07d}": graded[name] for number, name in enumerate(names)}
    return Log(Clicked({}, used, False, 0), people, moments.both)


class Moments:
    """Remembers between which moments events lie; those without a time are passed over.

    Attributes:
        both: first and last, epoch milliseconds; ``None`` before there was one.
    """

    def __init__(self) -> None:
        self.both: tuple[int, int] | None = None

    def of(self, events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The events, each looked at as it passes."""
        for event in events:
            try:
                time_ms = milliseconds(event.get("timestamp"), 2**53)
            except EventRejected:
                continue
            first, last = self.both or (time_ms, time_ms)
            self.both = (min(first, time_ms), max(last, time_ms))
            yield event


def rows_of(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    """The events of log files; lines that are no event are passed over.

    Raises:
        CatalogueError: a file cannot be read as a log.
    """
    for file in files:
        for row in read(file):
            if isinstance(row, Row):
                try:
                    yield event_of(row)
                except NotStrict:
                    continue
