"""Logs of behaviour as files: UBI JSON Lines, or CSV with user, item, action and time; read in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer import strictjson
from indexer.csvreader import rows as csv_rows
from indexer.errors import CatalogueError
from indexer.lines import lines, opened
from indexer.readers import json_rows
from indexer.records import Rejection, Row

MAX_LINE_BYTES = 256 * 1024
JSON = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
CSV = (".csv", ".csv.gz")

REQUIRED = ("user", "item", "action", "time")
OPTIONAL = ("session", "query", "query_id", "position", "event_id", "price")


def read(path: Path) -> Iterator[Row | Rejection]:
    """Read one file, chosen by its name; an event a row.

    Raises:
        CatalogueError: the file cannot be read as a log at all.
    """
    shown, low = str(path), path.name.lower()
    if not low.endswith((*JSON, *CSV)):
        raise CatalogueError(
            f"{shown}: unknown kind of file; a log ends in .jsonl, .ndjson, .json or .csv, each also with .gz"
        )
    with opened(path) as stream:
        source = lines(stream, shown, MAX_LINE_BYTES)
        if low.endswith(CSV):
            yield from csv_rows(source, shown, MAX_LINE_BYTES, required=REQUIRED)
        else:
            yield from json_rows(source, shown, MAX_LINE_BYTES)


def event_of(row: Row) -> dict[str, Any]:
    """The UBI event of a row. An empty cell of a CSV is a field that is not there; a column that has no place in an
    event is kept under ``event_attributes``.

    Raises:
        NotStrict: a cell of the wrong form.
    """
    if row.form != "csv":
        return row.value
    cells = {name: text for name, text in row.value.items() if text != ""}
    names = {"client_id": "user", "session_id": "session", "action_name": "action", "timestamp": "time"}
    names |= {"user_query": "query", "query_id": "query_id", "event_id": "event_id"}
    event: dict[str, Any] = {field: cells[name] for field, name in names.items() if name in cells}
    attributes: dict[str, Any] = {
        name: text for name, text in cells.items() if name not in REQUIRED and name not in OPTIONAL
    }
    if "item" in cells:
        attributes["object"] = {"object_id": cells["item"]}
    if "position" in cells:
        attributes["position"] = {"ordinal": _number(cells, "position", int)}
    if "price" in cells:
        attributes["price"] = _number(cells, "price", float)
    return {**event, "event_attributes": attributes}


def _number(cells: Mapping[str, str], name: str, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(cells[name])
    except ValueError:
        raise strictjson.NotStrict("expected a number", name) from None
