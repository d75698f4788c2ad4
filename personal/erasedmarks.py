"""Marks in the engine of who was erased, for a key store that is restored from before it.

A store of keys that is lost takes its tombstones along. A mark is a digest of a pseudonym, from which the pseudonym
cannot be found; who has the pseudonym, as a backup of the store does, can ask whether it was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

from plugin.client import Engine
from plugin.names import PROFILES
from plugin.statedocs import put_many, read_many

from .counters import digest
from .envelope import FORMAT
from .keystore import Tombstone

KIND = "erased"
_PAGE = 1000


def mark(engine: Engine, stones: Iterable[Tombstone]) -> None:
    """Mark people as erased; doing it again changes nothing.

    Raises:
        EngineError: the engine does not answer; some may be marked.
    """
    left = iter(stones)
    while some := list(islice(left, _PAGE)):
        put_many(engine, PROFILES, [(_name(stone.tenant, stone.pseudonym), _document(stone)) for stone in some])


def marked(engine: Engine, people: Sequence[tuple[str, str]]) -> set[str]:
    """Which of these (tenant, pseudonym) were erased: their pseudonyms.

    Raises:
        EngineError: the engine does not answer.
    """
    names = {_name(*person): person[1] for person in people}
    found = read_many(engine, [(PROFILES, name) for name in names], fields=[])
    return {names[name] for _, name in found}


def _document(stone: Tombstone) -> dict[str, object]:
    day = datetime.fromtimestamp(stone.erased_s, UTC).date().isoformat()
    return {"kind": KIND, "tenant": stone.tenant, "day": day, "format": FORMAT}


def _name(tenant: str, pseudonym: str) -> str:
    return digest(tenant, pseudonym, KIND)
