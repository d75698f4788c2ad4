"""What a run did, in numbers that add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .records import Rejection

SHOWN_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        phase: ``check`` reads every line once; ``index`` writes.
        done: lines.
        total: lines; ``None`` while they are being counted.
        dead_lettered: lines that could not be taken so far.
    """

    phase: Literal["check", "index", "backfill"]
    done: int
    total: int | None
    dead_lettered: int = 0


OnProgress = Callable[[Progress], None]
OnRejection = Callable[[Rejection], None]


@dataclass(slots=True)
class Summary:
    """What a run did. ``read == indexed + unchanged + dead_lettered``, always.

    Attributes:
        index: the catalogue.
        read: lines, the empty ones left out; for a backfill, documents without a vector.
        indexed: documents written.
        unchanged: lines that needed no write: the document was already so, or a later line of the run has the same
            id (counted in ``duplicates``), or a later run has written the id (counted in ``newer``).
        dead_lettered: lines that are no product or that the engine refused; each lies in ``dead_letters``.
        duplicates: lines whose id stands again further down; the last line of an id wins.
        newer: documents left alone because a run that started later has written them.
        encoded: texts that went through the encoder.
        pictures: pictures that went through the image encoder.
        clips: the same of clips.
        pictures_left_out: pictures and clips that this run does not read: paths without ``--images``, URLs without
            allowed hosts, and what a product has beyond the most that is read.
        pictures_dead_lettered: pictures and clips that are broken or cannot be had. Their products are indexed without
            them, and their lines lie in ``dead_letters`` as well.
        reused_vectors: documents written with the vector that they, or the generation before, already had.
        retries: requests that were sent again.
        seconds: from start to end.
        shard: ``I/N`` where only a share of the lines was meant.
        shares_to_come: of a rebuild in shares, how many are not whole yet; the live generation stays until they are.
        dead_letters: path of the file, when there is one.
        problems: the first of the lines that could not be taken.
    """

    index: str
    read: int = 0
    indexed: int = 0
    unchanged: int = 0
    dead_lettered: int = 0
    duplicates: int = 0
    newer: int = 0
    encoded: int = 0
    pictures: int = 0
    clips: int = 0
    pictures_left_out: int = 0
    pictures_dead_lettered: int = 0
    reused_vectors: int = 0
    retries: int = 0
    seconds: float = 0.0
    language: str | None = None
    encoder: str | None = None
    image_encoder: str | None = None
    shard: str | None = None
    shares_to_come: int = 0
    created: bool = False
    rebuilt: bool = False
    installed: list[str] = field(default_factory=list)
    dead_letters: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def documents_per_second(self) -> float:
        """Lines a second, over the whole run."""
        return self.read / self.seconds if self.seconds > 0 else 0.0

    def note(self, rejection: Rejection) -> None:
        """Count a line that could not be taken."""
        self.dead_lettered += 1
        self._show(rejection)

    def note_picture(self, rejection: Rejection) -> None:
        """Count a picture or clip that could not be taken; its product was."""
        self.pictures_dead_lettered += 1
        self._show(rejection)

    def _show(self, rejection: Rejection) -> None:
        if len(self.problems) < SHOWN_PROBLEMS:
            place = rejection.place
            self.problems.append(
                {"file": place.file, "line": place.line, "field": rejection.field, "reason": rejection.reason}
            )

    def check(self) -> None:
        """Raise AssertionError when a line went missing in the counting: that is a bug, and must not pass unseen."""
        if self.read != self.indexed + self.unchanged + self.dead_lettered:
            raise AssertionError(
                f"the summary does not add up: read {self.read}, indexed {self.indexed}, "
                f"unchanged {self.unchanged}, dead-lettered {self.dead_lettered}"
            )

    def as_json(self) -> dict[str, Any]:
        """The summary as JSON, with the speed."""
        values = asdict(self)
        values["seconds"] = round(self.seconds, 3)
        values["documents_per_second"] = round(self.documents_per_second, 1)
        return values
