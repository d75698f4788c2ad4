"""Suggestions for somebody: the book's hits, put in order by what the visitor and their visit like."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plugin.client import Engine
from plugin.names import SUGGESTIONS

from ..affinity import KINDS_MATTER, PROFILE_HALF_LIFE_S, SESSION_HALF_LIFE_S, affinities
from ..event_times import now_ms
from ..profiles import NOTHING_HELD, Held
from ..trail import shards_of
from .book import Book, Entry, Hit
from .store import Record, changed
from .text import key, typed_key

POOL = 100
"""How many of the book's best are put in order for somebody."""
PERSONAL = 1.0
"""What an affinity of 1 adds to a suggestion's standing, and one of 0 takes away, halved."""
OWN = 0.3
"""What it adds that somebody typed it themselves."""
REBUILD_S = 1.0
_MOST_CATALOGUES = 64

REASONS = {"query": "popular search", "brand": "brand", "category": "category", "phrase": "in the catalogue"}
OWN_REASON = "you searched for this"
LIKED_REASONS = {"profile": "fits your taste", "session": "like what you looked at in this visit"}
"""By the memory that lifted it most."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggestion.

    Attributes:
        text: to be searched for.
        score: 0..1, best first.
        reason: why it is offered.
        parts: what its value is the sum of, which ``score`` is the share of its range of: ``standing`` of the text
            itself, ``liked`` by taste and visit, ``own`` query of the visitor.
    """

    text: str
    score: float
    reason: str
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Shelf:
    """What a worker holds of one catalogue; ``done`` is the last ``_seq_no`` by shard that it has seen."""

    records: dict[str, Record] = field(default_factory=dict)
    done: dict[tuple[str, int], int] = field(default_factory=dict)
    book: Book = field(default_factory=lambda: Book([]))
    gone: frozenset[str] = frozenset()
    stale: bool = True
    built: float = 0.0
    loaded: bool = False


class Suggester:
    """Suggestions of all catalogues, in memory. Thread-safe.

    A catalogue is read when it is first asked for, and by :meth:`refresh` whatever changed since. What is withdrawn is
    no longer offered from then on; what is new is, once the book is made anew.
    """

    def __init__(self, engine: Engine, half_life_days: float) -> None:
        self._engine = engine
        self._half_life_days = half_life_days
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}

    def suggest(self, catalogue: str, typed: str, size: int, held: Held = NOTHING_HELD) -> list[Suggestion]:
        """What to offer to somebody who has typed so much.

        Args:
            catalogue: the alias.
            typed: the text so far; ``""`` offers what is popular and what the visitor did before.
            size: how many at most.
            held: what is known about the visitor.

        Raises:
            EngineError: the suggestions have not been read yet, and the engine does not answer.
        """
        shelf = self._shelf(catalogue)
        wanted = typed_key(typed)
        hits = [hit for hit in shelf.book.find(wanted, POOL) if hit.entry.key not in shelf.gone]
        own = {text: key(text) for text in recent(held)}
        hits = _distinct([*_own(own, wanted, {hit.entry.key for hit in hits}), *hits])
        liked = _liked(hits, held)
        mine = set(own.values())
        scored = []
        for hit in hits:
            name = hit.entry.key
            lift, memory = liked.get(name, (0.0, ""))
            parts = {"standing": hit.value, "liked": PERSONAL * lift, "own": OWN if name in mine else 0.0}
            value = sum(parts.values())
            reason = _reason(hit, lift, memory, name in mine)
            scored.append((value, name, Suggestion(hit.entry.text, _squashed(value), reason, parts)))
        scored.sort(key=lambda one: (-one[0], one[1]))
        return [suggestion for _, _, suggestion in scored[:size]]

    def refresh(self) -> None:
        """Read what changed in the catalogues that were asked for.

        Raises:
            EngineError: the engine does not answer.
        """
        with self._lock:
            names = list(self._shelves)
        for name in names:
            self._update(name)

    def _shelf(self, catalogue: str) -> _Shelf:
        with self._lock:
            found = self._shelves.get(catalogue)
        if found is not None and found.loaded:
            return found
        return self._update(catalogue)

    def _update(self, catalogue: str) -> _Shelf:
        with self._loading:
            with self._lock:
                if len(self._shelves) >= _MOST_CATALOGUES and catalogue not in self._shelves:
                    self._shelves.clear()
                shelf = self._shelves.setdefault(catalogue, _Shelf())
            self._read(catalogue, shelf)
            now = time.monotonic()
            if shelf.stale and (not shelf.loaded or now - shelf.built >= REBUILD_S):
                shelf.stale = False
                present = now_ms()
                entries = [
                    record.entry(present, self._half_life_days) for record in shelf.records.values() if not record.gone
                ]
                shelf.book = Book(_best_of_each(entries))
                shelf.gone = frozenset()
                shelf.built = now
            shelf.loaded = True
            return shelf

    def _read(self, catalogue: str, shelf: _Shelf) -> None:
        shards = shards_of(self._engine, SUGGESTIONS)
        places = {(shard.uuid, shard.number) for shard in shards}
        if shelf.done.keys() - places:  # the index was deleted and made again
            shelf.records.clear()
            shelf.done.clear()
            shelf.stale = True
        withdrawn = set(shelf.gone)
        for shard in shards:
            done = shelf.done.get((shard.uuid, shard.number), -1)
            if done >= shard.safe:
                continue
            self._engine.request("POST", f"/{shard.index}/_refresh")
            for record in changed(self._engine, shard, catalogue, done):
                before = shelf.records.get(record.id)
                if record.gone:
                    if before is not None:
                        withdrawn.add(key(before.text))
                        del shelf.records[record.id]
                else:
                    shelf.records[record.id] = record
                    withdrawn.discard(key(record.text))
                shelf.stale = True
            shelf.done[(shard.uuid, shard.number)] = shard.safe
        # Also offered by the catalogue itself: then it is not gone.
        if withdrawn:
            withdrawn -= {key(record.text) for record in shelf.records.values()}
        shelf.gone = frozenset(withdrawn)


def recent(held: Held) -> list[str]:
    """What a visitor typed before, the latest first; beginnings that they went on from are left out."""
    queries = held.profile.merged(held.session).queries if held.session else held.profile.queries
    by_text = sorted(queries)
    found = [text for place, text in enumerate(by_text) if not _gone_on_from(text, by_text[place + 1 :], queries)]
    return sorted(found, key=lambda text: (-queries[text], text))


def _gone_on_from(text: str, following: Sequence[str], queries: Mapping[str, int]) -> bool:
    """Whether a longer query followed within a minute; in alphabetical order those that begin with a text are next."""
    for other in following:
        if not other.startswith(text):
            return False
        if 0 <= queries[other] - queries[text] < 60_000:
            return True
    return False


def _own(own: Mapping[str, str], typed: str, known: set[str]) -> list[Hit]:
    """One's own queries, by text their keys, that the typed text is a beginning of, or of a word of which it is."""
    if not own:
        return []
    return Book([Entry(text, name, "query", 0.4) for text, name in own.items() if name not in known]).find(typed, POOL)


def _liked(hits: Iterable[Hit], held: Held) -> dict[str, tuple[float, str]]:
    """How much better or worse than neutral each suggestion fits the visitor, -0.5..0.5, and which memory
    (``profile`` or ``session``) says so most, by key."""
    if not held:
        return {}
    products = {hit.entry.key: _product(hit.entry.facets) for hit in hits if hit.entry.facets}
    now = now_ms()
    lifts: dict[str, dict[str, float]] = {}
    for memory, taste, half_life_s in (
        ("profile", held.profile, PROFILE_HALF_LIFE_S),
        ("session", held.session, SESSION_HALF_LIFE_S),
    ):
        known = affinities(taste, products, now_ms=now, half_life_s=half_life_s, facets=KINDS_MATTER)
        for name, value in known.items():
            lifts.setdefault(name, {})[memory] = value - 0.5
    return {
        name: (max(-0.5, min(0.5, sum(parts.values()))), max(parts, key=lambda memory: (parts[memory], memory)))
        for name, parts in lifts.items()
    }


def _product(facets: Mapping[str, str]) -> dict[str, object]:
    path = [facets[name] for name in ("department", "kind") if name in facets]
    return {"brand": facets.get("brand"), "color": facets.get("color"), "category": path}


def _reason(hit: Hit, lift: float, memory: str, own: bool) -> str:
    if own:
        return OWN_REASON
    reason = REASONS[hit.entry.kind]
    if hit.match == "spelling":
        reason += ", other spelling"
    return f"{reason}, {LIKED_REASONS[memory]}" if lift > 0.05 else reason


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    return list({hit.entry.key: hit for hit in reversed(list(hits))}.values())[::-1]


def _best_of_each(entries: Iterable[Entry]) -> list[Entry]:
    """One entry of each key: a query where there is one, else the best; with the facets of whichever has any."""
    best: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: (one.kind != "query", -one.standing, one.text)):
        known = best.setdefault(entry.key, entry)
        if not known.facets and entry.facets:
            best[entry.key] = Entry(known.text, known.key, known.kind, known.standing, entry.facets)
    return [best[name] for name in sorted(best)]


def _squashed(value: float) -> float:
    """A standing with what was added to it, as 0..1."""
    return round(max(0.0, min(1.0, (value + 1.0) / 3.0)), 4)
