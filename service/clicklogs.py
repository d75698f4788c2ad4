"""Behaviour logs as files, graded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.records import Row
from indexer.strictjson import NotStrict
from personal.clicklogs import Clicked, exposures, learned

from .eventfiles import event_of, read


def read_clicks(events: Sequence[Path], asked: Sequence[Path], *, eta: float | None) -> Clicked:
    """Read logs and grade what they show; lines that are no event are passed over.

    Args:
        events: UBI events, or CSV.
        asked: UBI queries.
        eta: as :func:`personal.clicklogs.learned` takes it.

    Raises:
        CatalogueError: a file cannot be read as a log.
    """
    queries = {
        str(row["query_id"]): str(row["user_query"])
        for row in rows_of(asked)
        if "query_id" in row and "user_query" in row
    }
    return learned(exposures(rows_of(events), queries), eta)


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
