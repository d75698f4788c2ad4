"""Training material on disk: one window a line, as JSON Lines (gzip where the name ends so).

``{"query_id", "query", "source", "candidates": [{"id", "text", "signals": {}, "grade": 0..3 or null}]}``. The grade is
null where nobody judged, and need not be whole where behaviour did. A window is what the engine answered, so training
sees just what serving sees.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from .candidate import Candidate
from .errors import TrainingDataError


@dataclass(frozen=True, slots=True)
class Window:
    """A query with its candidates and what people judged.

    Attributes:
        query_id: unique within ``source``.
        source: which data set; splits and held-out trades go by it.
        grades: one a candidate; ``None`` where not judged.
    """

    query_id: str
    query: str
    source: str
    candidates: tuple[Candidate, ...]
    grades: tuple[float | None, ...]


class _CandidateLine(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    text: str
    signals: dict[str, FiniteFloat] = Field(default_factory=dict)
    grade: FiniteFloat | None = Field(None, ge=0, le=3)


class _WindowLine(BaseModel):
    model_config = ConfigDict(extra="forbid")
    query_id: str
    query: str = Field(min_length=1)
    source: str
    candidates: list[_CandidateLine] = Field(min_length=1)


def _open(path: Path, mode: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, mode + "t", encoding="utf-8")  # type: ignore[return-value]
    return path.open(mode, encoding="utf-8")


def read_windows(path: Path) -> Iterator[Window]:
    """Read windows one by one.

    Raises:
        TrainingDataError: names the file, the line, the field and the reason.
    """
    with _open(path, "r") as lines:
        for number, line in enumerate(lines, 1):
            try:
                parsed = _WindowLine.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(part) for part in first["loc"]) or "line"
                raise TrainingDataError(f"{path}:{number}: {field}: {first['msg']}") from error
            yield Window(
                parsed.query_id,
                parsed.query,
                parsed.source,
                tuple(Candidate(item.id, item.text, item.signals) for item in parsed.candidates),
                tuple(item.grade for item in parsed.candidates),
            )


def write_windows(path: Path, windows: Iterable[Window]) -> int:
    """Write windows; the file appears only when it is whole.

    Returns:
        how many were written.
    """
    # The suffix stays last, since it decides whether the file is compressed.
    part = path.with_name(f".part-{path.name}")
    written = 0
    with _open(part, "w") as out:
        for window in windows:
            line = {
                "query_id": window.query_id,
                "query": window.query,
                "source": window.source,
                "candidates": [
                    {"id": item.id, "text": item.text or "", "signals": dict(item.signals), "grade": grade}
                    for item, grade in zip(window.candidates, window.grades, strict=True)
                ],
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            written += 1
    part.replace(path)
    return written
