"""Training material on disk: one window a line, as JSON Lines (gzip where the name ends so).

``{"query_id", "query", "source", "candidates": [{"id", "text", "signals": {}, "grade": 0..3 or null}]}``. The grade is
null where nobody judged, and need not be whole where behaviour did. A window is what the engine answered, so training
sees just what serving sees. Where the grades come from what people did, ``"seen": [from, to]`` says when (epoch
milliseconds), and where they come from one person, ``"person"`` is a running number that tells people of this file
apart and nothing else.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from .candidate import Candidate
from .errors import TrainingDataError
from .faults import first_fault


@dataclass(frozen=True, slots=True)
class Window:
    """A query with its candidates and what people judged.

    Attributes:
        query_id: unique within ``source``.
        source: which data set; splits and held-out trades go by it.
        grades: one a candidate; ``None`` where not judged.
        person: whose behaviour alone the grades are; ``None`` where they are judgments, or of many.
        seen: first and last moment of the behaviour that the grades come from, epoch milliseconds; ``None`` where it
            was none.
    """

    query_id: str
    query: str
    source: str
    candidates: tuple[Candidate, ...]
    grades: tuple[float | None, ...]
    person: str | None = None
    seen: tuple[int, int] | None = None


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
    person: str | None = Field(None, min_length=1, max_length=64)
    seen: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _dated(self) -> _WindowLine:
        if self.person is not None and self.seen is None:
            raise ValueError("a window of a person needs 'seen', the time that it is from")
        if self.seen is not None and self.seen[0] > self.seen[1]:
            raise ValueError("'seen' ends before it begins")
        return self


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
                raise TrainingDataError(f"{path}:{number}: {first_fault(error, 'line')}") from error
            yield Window(
                parsed.query_id,
                parsed.query,
                parsed.source,
                tuple(Candidate(item.id, item.text, item.signals) for item in parsed.candidates),
                tuple(item.grade for item in parsed.candidates),
                parsed.person,
                parsed.seen,
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
            line: dict[str, Any] = {
                "query_id": window.query_id,
                "query": window.query,
                "source": window.source,
                "candidates": [
                    {"id": item.id, "text": item.text or "", "signals": dict(item.signals), "grade": grade}
                    for item, grade in zip(window.candidates, window.grades, strict=True)
                ],
            }
            line |= {"person": window.person} if window.person is not None else {}
            line |= {"seen": window.seen} if window.seen is not None else {}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            written += 1
    part.replace(path)
    return written
