"""What people judged: for a query, how well each product answers it, kept in the engine a catalogue at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import JUDGMENTS, check_catalogue_name
from plugin.statedocs import delete_many, put_many, refresh
from ranker.judgmentfiles import TOP_GRADE, Row

from .counters import digest
from .errors import JudgmentRejected
from .event_privacy import scrubbed_text
from .pseudonyms import normal_query

MAX_QUERY_CHARS = 500
MAX_ID_CHARS = 512


def query_id_of(query: str) -> str:
    """16 hex digits, the same for texts that differ in case, width and spaces only, or in what is not kept of them."""
    return hashlib.sha256(normal_query(scrubbed_text(query)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class JudgmentBook:
    """The judgments in the engine. Thread-safe; of two that judge the same at once the later counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, catalogue: str, query: str, grades: Mapping[str, int | None], *, now_ms: int) -> None:
        """Keep grades of one query; ``None`` takes a grade back. Searches see them when this returns.

        Raises:
            JudgmentRejected: names the field at fault.
            EngineError: they could not be kept.
        """
        self.put_all(catalogue, {query: grades}, now_ms=now_ms)

    def put_all(self, catalogue: str, judged: Mapping[str, Mapping[str, int | None]], *, now_ms: int) -> int:
        """Keep grades by query and product, all of them checked before the first is written; returns how many.

        Of a query is kept what is kept of one that is searched: no addresses, telephone or card numbers.

        Raises:
            JudgmentRejected: names the field at fault.
            EngineError: they could not be kept.
        """
        check_catalogue_name(catalogue)
        kept: list[tuple[str, Mapping[str, object]]] = []
        gone: list[str] = []
        for query, grades in judged.items():
            text = " ".join(scrubbed_text(query).split())
            if not text or len(text) > MAX_QUERY_CHARS:
                raise JudgmentRejected("query", f"expected 1 to {MAX_QUERY_CHARS} characters")
            query_id = query_id_of(text)
            for item, grade in grades.items():
                if not 0 < len(item) <= MAX_ID_CHARS:
                    raise JudgmentRejected("id", "expected the id of a product")
                name = digest(catalogue, query_id, item)
                if grade is None:
                    gone.append(name)
                    continue
                if isinstance(grade, bool) or not 0 <= grade <= TOP_GRADE:
                    raise JudgmentRejected("grade", f"expected a whole number from 0 to {TOP_GRADE}")
                document = {"catalogue": catalogue, "query_id": query_id, "query": text, "product_id": item}
                kept.append((name, {**document, "grade": grade, "time": now_ms}))
        put_many(self._engine, JUDGMENTS, kept)
        delete_many(self._engine, JUDGMENTS, gone)
        refresh(self._engine, JUDGMENTS)
        return len(kept)

    def of(self, catalogue: str, query: str) -> dict[str, int]:
        """Grades by product id of one query; empty where nobody judged it."""
        rows = self._rows({"catalogue": catalogue, "query_id": query_id_of(query)})
        return {row.product_id: row.grade for row in rows}

    def all(self, catalogue: str) -> list[Row]:
        """Every judgment of a catalogue, by query id and product id."""
        return sorted(self._rows({"catalogue": catalogue}), key=lambda row: (row.query_id, row.product_id))

    def _rows(self, terms: Mapping[str, str]) -> Iterator[Row]:
        body = {"query": {"bool": {"filter": [{"term": {field: value}} for field, value in terms.items()]}}}
        with self._engine.mapped_errors():
            for hit in helpers.scan(self._engine.client, index=JUDGMENTS, query=body):
                found = hit["_source"]
                yield Row(found["query_id"], found["query"], found["product_id"], int(found["grade"]), found["time"])


def by_query(rows: list[Row]) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Texts and grades by query id, as :mod:`ranker.qrels` reads and writes them."""
    texts: dict[str, str] = {}
    grades: dict[str, dict[str, int]] = {}
    for row in rows:
        texts.setdefault(row.query_id, row.query)
        grades.setdefault(row.query_id, {})[row.product_id] = row.grade
    return texts, grades
