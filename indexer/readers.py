"""Catalogue files as rows: JSON Lines here, CSV and Parquet beside it; a bad line never ends the reading."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import csvreader, parquetreader, strictjson
from .errors import CatalogueError
from .lines import MAX_LINE_BYTES, Line, lines, opened
from .records import Form, Place, Rejection, Row

DEADLETTER_KEY = "hybridrank_deadletter"
"""Marks a line of a dead-letter file, so that such a file can be given as a catalogue again."""

_JSON = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet", ".pq")


def read(path: Path, name: str | None = None, limit: int = MAX_LINE_BYTES) -> Iterator[Row | Rejection]:
    """Read one catalogue file, chosen by its name, in bounded memory.

    Args:
        path: ``.jsonl``, ``.ndjson``, ``.json`` (a product a line) and ``.csv``, each also ``.gz``; ``.parquet``.
        name: what reports call the file; its path when not given.
        limit: bytes of a line, and of a CSV record.

    Raises:
        CatalogueError: the file cannot be read as a catalogue at all.
    """
    shown = name or str(path)
    low = path.name.lower()
    if low.endswith(_PARQUET):
        yield from parquetreader.rows(path, shown)
    elif low.endswith(_CSV):
        with opened(path) as stream:
            yield from csvreader.rows(lines(stream, shown, limit), shown, limit)
    elif low.endswith(_JSON):
        with opened(path) as stream:
            yield from json_rows(lines(stream, shown, limit), shown, limit)
    else:
        known = ", ".join((*_JSON[:3], *_CSV[:1], *_PARQUET[:1]))
        raise CatalogueError(
            f"{shown}: unknown kind of file; a catalogue ends in one of {known} (or .gz of a text form)"
        )


def json_rows(source: Iterator[Line], name: str, limit: int = MAX_LINE_BYTES) -> Iterator[Row | Rejection]:
    """Parse JSON Lines; empty lines are passed over, and lines of a dead-letter file are unwrapped."""
    for number, data, too_long, _ in source:
        if number == 1 and data.lstrip().startswith(b"["):
            raise CatalogueError(f"{name}: is a JSON array; write one product a line, without the brackets")
        if not too_long and not data.strip():
            continue
        yield _json_row(Place(name, number), data, too_long, limit)


def _json_row(place: Place, data: bytes, too_long: bool, limit: int) -> Row | Rejection:
    if too_long:
        return Rejection(place, "json", data, None, f"the line is longer than {limit} bytes", truncated=True)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return Rejection(place, "json", data, None, f"not UTF-8 at byte {error.start + 1} of the line")
    try:
        value = strictjson.loads(text)
    except strictjson.NotStrict as error:
        return Rejection(place, "json", text, error.field, str(error))
    if not isinstance(value, dict):
        return Rejection(place, "json", text, None, "must be a JSON object")
    return _unwrap(place, text, value) if DEADLETTER_KEY in value else Row(place, "json", text, value)


def _unwrap(place: Place, text: str, letter: dict[str, Any]) -> Row | Rejection:
    """Take the line out of a dead letter; ``raw`` may be mended as text or replaced by an object."""
    form = letter.get("form")
    raw = letter.get("raw")
    if form not in ("json", "csv", "parquet"):
        return Rejection(place, "json", text, "form", "a dead letter's form must be json, csv or parquet")
    kind: Form = form
    if isinstance(raw, dict):
        return Row(place, kind, strictjson.dumps(raw), raw)
    if letter.get("truncated"):
        kept = raw if isinstance(raw, str) else ""
        reason = "the whole line was not kept; mend the original, or give raw as an object of fields"
        return Rejection(place, kind, kept, None, reason, truncated=True)
    if not isinstance(raw, str):
        encoded = letter.get("raw_base64")
        if not isinstance(encoded, str):
            return Rejection(place, kind, text, "raw", "a dead letter needs raw: the line as text, or as an object")
        try:
            return _json_row(place, base64.b64decode(encoded, validate=True), False, MAX_LINE_BYTES)
        except binascii.Error:
            return Rejection(place, kind, text, "raw_base64", "not base64")
    try:
        value = strictjson.loads(raw)
    except strictjson.NotStrict as error:
        return Rejection(place, kind, raw, error.field, str(error))
    if not isinstance(value, dict):
        return Rejection(place, kind, raw, None, "must be a JSON object")
    return Row(place, kind, raw, value)
