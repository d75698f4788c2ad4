"""CSV with a header line, as rows; a quote that is never closed costs one record, not the file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from . import strictjson
from .errors import CatalogueError
from .lines import Line
from .records import Place, Rejection, Row

REQUIRED = ("id", "title")


class _Feed:
    """Gives the csv module its lines, and takes back those that a stray quote swallowed."""

    def __init__(self, source: Iterator[Line], limit: int) -> None:
        self._source = source
        self._back: deque[Line] = deque()
        self._limit = limit
        self.begin()

    def begin(self) -> None:
        """A new record starts."""
        self.taken: list[Line] = []
        self._size = 0

    def give_back(self) -> Line:
        """The record at hand is broken: keep its first line, read the others again as records of their own."""
        self._back.extendleft(reversed(self.taken[1:]))
        return self.taken[0]

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._source)
        self.taken.append(line)
        self._size += len(line.data)
        if line.too_long or self._size > self._limit:
            raise csv.Error(f"a record of more than {self._limit} bytes, or a quote that is never closed")
        # Bytes that are not UTF-8 become lone surrogates, which the check of the field reports by name.
        return (line.data + line.end).decode("utf-8", "surrogateescape")


def rows(
    source: Iterator[Line], name: str, limit: int, *, required: tuple[str, ...] = REQUIRED
) -> Iterator[Row | Rejection]:
    """Parse CSV: comma, double quotes, a header with the ``required`` columns.

    Raises:
        CatalogueError: no header, or one without the required columns or with a column twice.
    """
    csv.field_size_limit(max(limit, csv.field_size_limit()))
    feed = _Feed(source, limit)
    try:
        header = next(csv.reader(feed, strict=True), None)
    except csv.Error as error:
        raise CatalogueError(f"{name}: the header line is not CSV: {error}") from error
    columns = [column.strip() for column in header or []]
    _check_header(columns, name, required)
    while True:
        feed.begin()
        try:
            # A reader of its own for each record: after an error the next line starts afresh.
            cells = next(csv.reader(feed, strict=True), None)
        except csv.Error as error:
            broken = feed.give_back()
            yield Rejection(Place(name, broken.number), "csv", broken.data, None, f"not CSV: {error}", truncated=True)
            continue
        if cells is None:
            return
        if not cells:
            continue
        place = Place(name, feed.taken[0].number)
        value = dict(zip(columns, cells, strict=False))
        raw_text = strictjson.dumps(value)
        if len(cells) != len(columns):
            reason = f"the row has {len(cells)} fields, the header {len(columns)}; quote fields that hold commas"
            yield Rejection(place, "csv", raw_text, None, reason)
        else:
            yield Row(place, "csv", raw_text, value)


def _check_header(columns: list[str], name: str, required: tuple[str, ...]) -> None:
    missing = [column for column in required if column not in columns]
    if missing:
        raise CatalogueError(
            f"{name}: the header line lacks the column {' and '.join(missing)} (comma-separated, UTF-8)"
        )
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    if doubled:
        raise CatalogueError(f"{name}: the header line has the column {strictjson.safe_name(doubled[0])} twice")
