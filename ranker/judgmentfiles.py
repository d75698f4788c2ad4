"""Judgments in the forms of others: OpenSearch's Search Relevance Workbench and UBI.

Workbench: the body of ``PUT _plugins/_search_relevance/judgments`` with ``type: IMPORT_JUDGMENT``, and what a ``GET``
there answers. UBI: one judgment a line, ``{query_id, query, document, judgment, timestamp}``, as the Search Quality
Evaluation framework derives them from UBI's events. Our own form is :mod:`ranker.qrels`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import JudgmentError

TOP_GRADE = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One judgment.

    Attributes:
        query_id: the same for texts that are the same query.
        query: its text.
        product_id: of the catalogue.
        grade: 0 (wrong) to 3 (just right).
        time_ms: when it was given, milliseconds of the epoch; 0 where that is not known.
    """

    query_id: str
    query: str
    product_id: str
    grade: int
    time_ms: int = 0


def grade_of(value: object, scale: float, where: str) -> int:
    """A grade of 0 to 3 from a rating of 0 to ``scale``.

    Raises:
        JudgmentError: no number in 0 to ``scale``, or not whole where the scale is ours.
    """
    number = _number(value)
    if number is None or not 0.0 <= number <= scale:
        raise JudgmentError(f"{where}: must be a number from 0 to {scale:g}; --scale names another top rating")
    grade = number * TOP_GRADE / scale
    if scale == TOP_GRADE and grade != round(grade):
        raise JudgmentError(f"{where}: must be a whole number from 0 to {TOP_GRADE}")
    return math.floor(grade + 0.5)


def workbench(rows: Iterable[Row], name: str) -> dict[str, Any]:
    """The body that imports judgments into the workbench."""
    ratings: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        ratings.setdefault(row.query, []).append({"docId": row.product_id, "rating": f"{row.grade:.3f}"})
    return {
        "name": name,
        "description": f"{len(ratings)} queries judged in hybridrank, 0 (wrong) to {TOP_GRADE} (just right)",
        "type": "IMPORT_JUDGMENT",
        "judgmentRatings": [{"query": query, "ratings": found} for query, found in ratings.items()],
    }


def read_workbench(path: Path, scale: float = TOP_GRADE) -> Iterator[tuple[str, str, int]]:
    """Read (query, product id, grade) of an import's body or of what the workbench answers.

    Raises:
        JudgmentError: names the file, the place and what is wrong.
        OSError: the file cannot be read.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise JudgmentError(f"{path}: is no JSON that can be read") from error
    for number, found in enumerate(_lists(value, path)):
        for query, ratings, where in _rated(found, f"{path}: judgment list {number}, judgmentRatings"):
            if not isinstance(query, str) or not query.strip():
                raise JudgmentError(f"{where}.query: must be a text that is not empty")
            if not isinstance(ratings, list):
                raise JudgmentError(f"{where}.ratings: must be a list of docId and rating")
            for place, rating in enumerate(ratings):
                here = f"{where}.ratings.{place}"
                if not isinstance(rating, dict) or not isinstance(rating.get("docId"), str) or not rating["docId"]:
                    raise JudgmentError(f"{here}.docId: must be the id of a product")
                yield query, rating["docId"], grade_of(rating.get("rating"), scale, f"{here}.rating")


def _lists(value: Any, path: Path) -> list[Any]:
    """The judgment lists of a file: of an import's body, of one document, or of a search's hits."""
    if isinstance(value, dict) and isinstance(value.get("hits"), dict):
        hits = value["hits"].get("hits")
        found = [hit.get("_source") for hit in hits if isinstance(hit, dict)] if isinstance(hits, list) else []
    else:
        found = [value]
    lists = [one["judgmentRatings"] for one in found if isinstance(one, dict) and "judgmentRatings" in one]
    if not lists:
        raise JudgmentError(f"{path}: judgmentRatings: missing; expected what the Search Relevance Workbench writes")
    return lists


def _rated(found: Any, where: str) -> Iterator[tuple[Any, Any, str]]:
    """(query, ratings, place): a list of objects, or an object by query, as earlier versions wrote it."""
    if isinstance(found, dict):
        for number, (query, ratings) in enumerate(found.items()):
            yield query, ratings, f"{where}.{number}"
    elif isinstance(found, list):
        for number, one in enumerate(found):
            if not isinstance(one, dict):
                raise JudgmentError(f"{where}.{number}: must be an object with query and ratings")
            yield one.get("query"), one.get("ratings"), f"{where}.{number}"
    else:
        raise JudgmentError(f"{where}: must be a list")


def ubi_lines(rows: Iterable[Row]) -> Iterator[str]:
    """One JSON document a judgment, each ending a line."""
    for row in rows:
        document = {
            "timestamp": row.time_ms,
            "query_id": row.query_id,
            "query": row.query,
            "document": row.product_id,
            "judgment": row.grade,
        }
        yield json.dumps(document, ensure_ascii=False) + "\n"


def read_ubi(path: Path, scale: float = TOP_GRADE) -> Iterator[tuple[str, str, int]]:
    """Read (query, product id, grade) of UBI judgments, one a line.

    Raises:
        JudgmentError: names the file, the line and the field.
        OSError: the file cannot be read.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                document = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise JudgmentError(f"{path}, line {number}: is no JSON that can be read") from error
            given = document.get("_source", document) if isinstance(document, dict) else None
            if not isinstance(given, dict):
                raise JudgmentError(f"{path}, line {number}: must be an object")
            for field in ("query", "document"):
                if not isinstance(given.get(field), str) or not given[field].strip():
                    raise JudgmentError(f"{path}, line {number}, {field}: must be a text that is not empty")
            place = f"{path}, line {number}, judgment"
            yield given["query"], given["document"], grade_of(given.get("judgment"), scale, place)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
