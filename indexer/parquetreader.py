"""Parquet as rows, a batch of a row group at a time."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from . import strictjson
from .csvreader import REQUIRED
from .errors import CatalogueError
from .records import Place, Rejection, Row

_BATCH = 512


def rows(path: Path, name: str) -> Iterator[Row | Rejection]:
    """Read rows; the number of a row counts from 1 through the file.

    Raises:
        CatalogueError: not Parquet, or without the required columns, or damaged.
    """
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            missing = [column for column in REQUIRED if column not in file.schema_arrow.names]
            if missing:
                raise CatalogueError(f"{name}: lacks the column {' and '.join(missing)}")
            for batch in file.iter_batches(batch_size=_BATCH):
                for value in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield _row(Place(name, number), value)
    except FileNotFoundError as error:
        raise CatalogueError(f"{name}: cannot be read: no such file") from error
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogueError(f"{name}: not Parquet, or damaged after row {number}: {first}") from error


def _row(place: Place, value: dict[str, Any]) -> Row | Rejection:
    plain = {name: _plain(part) for name, part in value.items()}
    try:
        return Row(place, "parquet", strictjson.dumps(plain), plain)
    except TypeError:
        odd = next((name for name, part in plain.items() if _shown(part) != part), None)
        return Rejection(
            place, "parquet", strictjson.dumps(_shown(plain)), odd, "the column's type has no form in JSON"
        )


def _plain(value: Any) -> Any:
    """Parquet's types as JSON's: decimals become numbers, times become ISO 8601 text."""
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shown(part) for part in value]
    return value if value is None or isinstance(value, str | int | float) else None
