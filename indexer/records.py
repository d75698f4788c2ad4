"""The values that travel from a reader to the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .picturing import Pending

Form = Literal["json", "csv", "parquet"]
"""How a row was written: only CSV rows hold text where a number or a list is meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands; a Parquet row counts as a line, and a CSV record is named by its first line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line that could be parsed, not yet checked.

    Attributes:
        place: where it stands.
        form: how it was written.
        raw: the line as text (JSON), or the row as a JSON object (CSV, Parquet): what a dead letter keeps.
        value: its fields.
    """

    place: Place
    form: Form
    raw: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One line that is not a product, with the reason.

    Attributes:
        place: where it stands.
        form: how it was written.
        raw: the line; bytes where it is not UTF-8.
        field: the field at fault in dotted form; ``None`` when it is the line as a whole.
        reason: what is wrong and what is expected; never repeats a value.
        truncated: ``raw`` is only the beginning, because the line was too long.
    """

    place: Place
    form: Form
    raw: str | bytes
    field: str | None
    reason: str
    truncated: bool = False


@dataclass(slots=True)
class Item:
    """One product on its way to the engine.

    Attributes:
        id: of the product and of its document.
        source: the product's fields as the engine will hold them, without what we add.
        text: the passage that the encoder reads.
        source_sha: digest of ``source``.
        text_sha: digest of ``text``.
        row: the line that it came from.
        image_sha: digest of its pictures and clips; empty where it has none, ``None`` where this run does not look.
        kept: fields of the stored document that are written again as they are (a vector that still holds).
        pictured: its pictures on their way to a vector; ``None`` where there is nothing to do.
    """

    id: str
    source: dict[str, Any]
    text: str
    source_sha: str
    text_sha: str
    row: Row
    image_sha: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    pictured: Pending | None = None
