"""Suggestions in the engine, ``hybridrank-suggestions``: nothing in it is of one person. Workers read what changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine
from plugin.names import SUGGESTIONS
from plugin.statedocs import put_many, read_many

from ..counters import DAY_MS, digest
from ..trail import BATCH, Shard, shards_of, written_after
from .book import Entry, Kind
from .phrases import BEST_STANDING
from .text import key

PEOPLE_OF_THE_BEST = 100_000.0
"""How many (decayed) people make a query stand at 1; the scale is logarithmic."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """A suggestion as it is stored.

    Attributes:
        id: of its document.
        text: as it is shown; empty when it is gone.
        kind: where it comes from.
        weight: a query: how many people typed it, decayed to ``at_ms``; else its standing.
        at_ms: epoch milliseconds.
        facets: see :class:`personal.suggestions.book.Entry`.
        gone: whether it must not be suggested any more.
    """

    id: str
    text: str
    kind: Kind
    weight: float
    at_ms: int
    facets: Mapping[str, str]
    gone: bool = False

    def entry(self, now_ms: int, half_life_days: float) -> Entry:
        """As it stands at a time."""
        standing = self.weight
        if self.kind == "query":
            people = self.weight * 2.0 ** ((self.at_ms - now_ms) / (half_life_days * DAY_MS))
            share = min(1.0, math.log1p(max(people, 0.0)) / math.log1p(PEOPLE_OF_THE_BEST))
            standing = BEST_STANDING * 0.8 + (1.0 - BEST_STANDING * 0.8) * share
        return Entry(self.text, key(self.text), self.kind, standing, dict(self.facets))


def query_id(catalogue: str, text: str) -> str:
    """The document's id of a query."""
    return "q." + digest(catalogue, key(text))


def phrase_id(catalogue: str, name: str) -> str:
    """The document's id of a phrase of the catalogue."""
    return "p." + digest(catalogue, name)


def put(engine: Engine, catalogue: str, records: Iterable[Record]) -> int:
    """Write records, whatever stands there; returns how many."""
    batch: list[tuple[str, Mapping[str, Any]]] = []
    count = 0
    for record in records:
        count += 1
        document = {
            "catalogue": catalogue,
            "kind": record.kind,
            "text": "" if record.gone else record.text,
            "weight": record.weight,
            "at_ms": record.at_ms,
            "facets": {} if record.gone else dict(record.facets),
            "gone": record.gone,
        }
        batch.append((record.id, document))
        if len(batch) == _AT_ONCE:
            put_many(engine, SUGGESTIONS, batch)
            batch = []
    put_many(engine, SUGGESTIONS, batch)
    return count


def get(engine: Engine, ids: Sequence[str]) -> dict[str, Record]:
    """Records by id, as they are at this moment."""
    found = read_many(engine, [(SUGGESTIONS, name) for name in ids])
    return {name: _record(name, stored.source) for (_, name), stored in found.items()}


def replace_phrases(engine: Engine, catalogue: str, entries: Sequence[Entry], now_ms: int) -> tuple[int, int]:
    """Make these the phrases of a catalogue: what differs is written, what is no phrase any more is marked as gone.

    Returns:
        (written, gone).
    """
    engine.request("POST", f"/{SUGGESTIONS}/_refresh")
    old = {record.id: record for record in everything(engine, catalogue) if record.kind != "query"}
    wanted = {
        phrase_id(catalogue, entry.key): Record(
            phrase_id(catalogue, entry.key), entry.text, entry.kind, round(entry.standing, 6), now_ms, entry.facets
        )
        for entry in entries
    }
    fresh = [record for record in wanted.values() if not _same(old.get(record.id), record)]
    gone = [
        Record(record.id, "", record.kind, 0.0, now_ms, {}, gone=True)
        for record in old.values()
        if record.id not in wanted and not record.gone
    ]
    put(engine, catalogue, [*fresh, *gone])
    engine.request("POST", f"/{SUGGESTIONS}/_refresh")
    return len(fresh), len(gone)


def everything(engine: Engine, catalogue: str) -> Iterator[Record]:
    """Every record of a catalogue that a search sees."""
    for shard in shards_of(engine, SUGGESTIONS):
        yield from changed(engine, shard, catalogue, -1)


def changed(engine: Engine, shard: Shard, catalogue: str, done: int) -> Iterator[Record]:
    """Records of a shard that were written after a ``_seq_no``."""
    while done < shard.safe:
        hits = written_after(engine, shard, done, [{"term": {"catalogue": catalogue}}])
        for hit in hits:
            yield _record(str(hit["_id"]), hit["_source"])
        if len(hits) < BATCH:
            return
        done = int(hits[-1]["sort"][0])


def _record(name: str, source: Mapping[str, Any]) -> Record:
    return Record(
        name,
        str(source["text"]),
        source["kind"],
        float(source["weight"]),
        int(source["at_ms"]),
        source["facets"],
        bool(source["gone"]),
    )


def _same(old: Record | None, new: Record) -> bool:
    return (
        old is not None
        and not old.gone
        and (old.text, old.kind, old.weight, dict(old.facets)) == (new.text, new.kind, new.weight, dict(new.facets))
    )
