"""Events into ``ubi_events``: created once under their own id; a repeat is a conflict, which is as good as stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plugin.client import Engine
from plugin.names import UBI_EVENTS
from plugin.statedocs import Write, write_many

from .events import Event

_FIELD = re.compile(r"field \[([^\]]{1,200})\]")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an event: ``stored`` now, a ``duplicate`` of one that was, or ``refused`` with a reason."""

    kind: Literal["stored", "duplicate", "refused"]
    reason: str = ""


def store(engine: Engine, events: Sequence[Event]) -> list[Kept]:
    """Write events in one request.

    Returns:
        One verdict an event, in their order; an event that stands twice in ``events`` is stored once.

    Raises:
        EngineError: the engine does not answer or refuses the request; some events may be stored.
    """
    outcomes = write_many(engine, [Write(UBI_EVENTS, event.id, event.document) for event in events])
    kinds: dict[str, Kept] = {"written": Kept("stored"), "conflict": Kept("duplicate")}
    return [kinds.get(outcome.kind) or Kept("refused", _reason(outcome.reason)) for outcome in outcomes]


def _reason(words: str) -> str:
    """The engine's reason without the value that it quotes."""
    field = _FIELD.search(words)
    return f"{field[1]}: the engine cannot take a value of this type" if field else "the engine cannot take it"
