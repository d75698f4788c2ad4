"""What a model says about the people whose behaviour it learnt from: when, and what bounds what it can tell of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .windows import Window


class Receipt(BaseModel):
    """What was spent to make a run differentially private; all that is needed to compute ``epsilon`` again.

    Attributes:
        unit: what is hidden: one person with at most ``cap`` records, added or taken away.
        epsilon, delta: the guarantee (Dwork and Roth, 2014, definition 2.4).
        sampling: how a step chooses people; each one apart with probability ``rate``.
        sigma: noise's standard deviation over ``clip``.
        clip: longest gradient of one person.
        accountant: who computed ``epsilon``.
        noise: where chance came from.
        cost: what the privacy costs in nDCG@10, measured on simulated people; ``None`` where it was not measured.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    unit: Literal["person"] = "person"
    epsilon: float = Field(gt=0)
    delta: float = Field(gt=0, lt=1)
    cap: int = Field(ge=1)
    sampling: Literal["poisson"] = "poisson"
    rate: float = Field(gt=0, le=1)
    sigma: float = Field(gt=0)
    clip: float = Field(gt=0)
    steps: int = Field(ge=1)
    accountant: str
    noise: str
    cost: dict[str, Any] | None = None


class TrainedOn(BaseModel):
    """``people`` in ``config.json``. It names nobody and says of nobody that they took part.

    Attributes:
        unit: what one record of training was of: a person, or a query that many people had a part in.
        first, last: between which moments the behaviour lies, ISO 8601 in UTC, both included.
        catalogues: where; names of data as in ``source`` of the windows.
        receipt: of differential privacy; ``None`` where there is none.
        before: of the model that training began with, where that had seen people.
    """

    model_config = ConfigDict(extra="forbid")

    unit: Literal["person", "query"]
    first: str
    last: str
    catalogues: list[str]
    receipt: Receipt | None = None
    before: TrainedOn | None = None

    def contains(self, catalogue: str, time_ms: int) -> bool:
        """Whether something done at a time in a catalogue lies in the window, or in that of the model before."""
        here = catalogue in self.catalogues and milliseconds(self.first) <= time_ms <= milliseconds(self.last)
        return here or (self.before is not None and self.before.contains(catalogue, time_ms))

    @property
    def private(self) -> bool:
        """Whether all people it learnt from are covered by receipts."""
        return self.receipt is not None and (self.before is None or self.before.private)


def trained_on(
    windows: Iterable[Window],
    *,
    catalogues: Iterable[str] | None = None,
    receipt: Receipt | None = None,
    before: TrainedOn | None = None,
) -> TrainedOn | None:
    """Whose behaviour windows hold; ``before`` where it is nobody's.

    Args:
        catalogues: the names under which the shop logs; left out, the windows' sources.
    """
    seen = [window for window in windows if window.seen is not None]
    moments = [moment for window in seen for moment in window.seen or ()]
    if not moments:
        return before
    return TrainedOn(
        unit="person" if all(window.person is not None for window in seen) else "query",
        first=stamp(min(moments)),
        last=stamp(max(moments)),
        catalogues=sorted(set(catalogues or ()) or {window.source for window in seen}),
        receipt=receipt,
        before=before,
    )


def grown(people: TrainedOn | None) -> TrainedOn | None:
    """One entry for a model and the one before it, where both are of the same kind, so that a chain stays short.

    Two entries of the same catalogues and unit without a receipt become one, whose window holds both and what lies
    between them: a person may be said to concern the model who does not, never the other way about.
    """
    if people is None or people.before is None:
        return people
    before = people.before
    if people.receipt or before.receipt or (people.unit, people.catalogues) != (before.unit, before.catalogues):
        return people
    window = {"first": min(people.first, before.first), "last": max(people.last, before.last)}
    return people.model_copy(update={**window, "before": before.before})


def stamp(time_ms: int) -> str:
    """ISO 8601 in UTC of epoch milliseconds."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Epoch milliseconds of ISO 8601."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
