"""Files of queries and judgments, read strictly: a line that cannot be read ends the reading and is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .errors import JudgmentError

MAX_GRADE = 30
"""Gain is ``2**grade - 1``; beyond this a grade is a mistake."""


def read_queries(path: Path) -> dict[str, str]:
    """Read ``query_id<TAB>text`` lines.

    Returns:
        text by query id, in the order of the file.

    Raises:
        JudgmentError: a malformed line, a repeated id, or no query at all.
        OSError: the file cannot be read.
    """
    queries: dict[str, str] = {}
    for number, (query_id, text) in _rows(path, ("query_id", "text")):
        if query_id in queries:
            raise _error(path, number, "query_id", f"{query_id!r} stands in an earlier line too")
        queries[query_id] = text
    if not queries:
        raise JudgmentError(f"{path}: holds no query")
    return queries


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read ``query_id<TAB>product_id<TAB>grade`` lines.

    Returns:
        for each query id the grades by product id.

    Raises:
        JudgmentError: a malformed line, a product judged twice for a query, or no judgment at all.
        OSError: the file cannot be read.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, (query_id, product_id, grade) in _rows(path, ("query_id", "product_id", "grade")):
        grades = qrels.setdefault(query_id, {})
        if product_id in grades:
            raise _error(path, number, "product_id", f"{product_id!r} is judged twice for query {query_id!r}")
        grades[product_id] = _grade(path, number, grade)
    if not qrels:
        raise JudgmentError(f"{path}: holds no judgment")
    return qrels


def write_judged(folder: Path, queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write ``queries.tsv`` and ``qrels.tsv``, each of which appears only when it is whole.

    Raises:
        OSError: they cannot be written.
    """
    texts = (f"{name}\t{' '.join(text.split())}\n" for name, text in queries.items())
    grades = (f"{name}\t{item}\t{grade}\n" for name, judged in qrels.items() for item, grade in judged.items())
    for name, lines in {"queries.tsv": texts, "qrels.tsv": grades}.items():
        part = folder / f".part-{name}"
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(lines)
        part.replace(folder / name)


def _rows(path: Path, fields: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise _error(path, number, fields[-1], "is not UTF-8") from error
            if not line.strip():
                continue
            values = [value.strip() for value in line.split("\t")]
            if len(values) != len(fields):
                wanted = "<TAB>".join(fields)
                field = fields[min(len(values), len(fields) - 1)]
                raise _error(path, number, field, f"expected {wanted}, found {len(values)} fields")
            for field, value in zip(fields, values, strict=True):
                if not value:
                    raise _error(path, number, field, "is empty")
            yield number, values


def _grade(path: Path, number: int, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) > MAX_GRADE:
        raise _error(path, number, "grade", f"must be a whole number from 0 to {MAX_GRADE}, not {value!r}")
    return int(value)


def _error(path: Path, number: int, field: str, reason: str) -> JudgmentError:
    return JudgmentError(f"{path}, line {number}, {field}: {reason}")
