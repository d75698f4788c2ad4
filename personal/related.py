"""Related queries: of those that anybody may see, the ones that led to the same items or mean something near.

Anybody may see what enough people typed, and phrases of the catalogue: what suggestions publish.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plugin.client import Engine
from plugin.together import queries_beside

from .counters import Family
from .event_times import now_ms
from .pseudonyms import Pseudonyms, normal_query
from .suggestions.store import everything
from .together import lifts

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

TOGETHER, NEARBY = "led to the same items", "means something near"
REASONS = (TOGETHER, NEARBY)
"""Why a query is related; the page has each in its languages."""
KEPT_S = 60.0
MOST = 500
"""So many of the best-standing texts have a vector."""
WARMED = 16
"""So many texts are encoded at a time beside answering."""
NEAR = 0.45
"""A lower cosine of two queries is no relation worth showing."""
SAME = 0.97
"""A higher one is the same query in other words."""
_MOST_CATALOGUES = 64


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """A query to go on with: its text, 0..1, and why."""

    text: str
    score: float
    reason: str


@dataclass(slots=True)
class _Texts:
    """The texts of a catalogue, best standing first, their pseudonyms, and vectors of the first."""

    read: float
    texts: tuple[str, ...]
    blind: dict[str, str]
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)


class RelatedQueries:
    """Finds them. Thread-safe."""

    def __init__(self, engine: Engine, pseudonyms: Pseudonyms, family: Family) -> None:
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._family = family
        self._lock = threading.Lock()
        self._known: dict[str, _Texts] = {}

    def of(
        self, catalogue: str, query: str, size: int, encode: Encode | None, *, timeout_s: float | None = None
    ) -> list[RelatedQuery]:
        """Related queries, best first.

        Args:
            catalogue: the alias.
            query: what was typed.
            size: how many at most.
            encode: gives unit vectors of texts, shape (texts, dimension); ``None``: the catalogue has no encoder.
            timeout_s: seconds for each request.

        Raises:
            EngineError: the engine does not answer in time, or behaviour is not installed.
        """
        known = self._texts(catalogue)
        own = normal_query(query)
        if not own or not known.texts:
            return []
        found = queries_beside(
            self._engine, str(self._family), catalogue, self._pseudonyms.query(catalogue, query), timeout_s=timeout_s
        )
        scored: dict[str, RelatedQuery] = {}
        for blind, value in lifts(found, 1.0).items():
            text = known.blind.get(blind)
            if text is not None and value > 0.5:
                scored[text] = RelatedQuery(text, value, TOGETHER)
        if encode is not None:
            for text, cosine in self._near(known, query, encode).items():
                old = scored.get(text)
                if NEAR <= cosine < SAME and (old is None or old.score < cosine):
                    scored[text] = RelatedQuery(text, cosine, NEARBY)
        rest = [one for one in scored.values() if normal_query(one.text) != own]
        return sorted(rest, key=lambda one: (-one.score, one.text))[:size]

    def warm(self, catalogue: str, encode: Encode) -> None:
        """Encode the texts of a catalogue that have no vector yet, a few at a time, so that no answer waits for it.

        Raises:
            EngineError: the engine does not answer, or behaviour is not installed.
        """
        self._fill(self._texts(catalogue), encode, WARMED)

    def _fill(self, known: _Texts, encode: Encode, at_a_time: int) -> None:
        with self._lock:
            missing = [text for text in known.texts[:MOST] if text not in known.vectors]
        for start in range(0, len(missing), at_a_time):
            some = missing[start : start + at_a_time]
            vectors = encode(some)
            with self._lock:
                known.vectors.update(zip(some, vectors, strict=True))

    def _near(self, known: _Texts, query: str, encode: Encode) -> dict[str, float]:
        self._fill(known, encode, MOST)
        own = encode([query])[0]
        return {text: float(known.vectors[text] @ own) for text in known.texts[:MOST]}

    def _texts(self, catalogue: str) -> _Texts:
        with self._lock:
            known = self._known.get(catalogue)
        if known is not None and time.monotonic() - known.read < KEPT_S:
            return known
        now = now_ms()
        records = [one for one in everything(self._engine, catalogue) if not one.gone and one.text]
        entries = {one.text: one.entry(now, self._family.half_life_days) for one in records}
        texts = tuple(sorted(entries, key=lambda text: (-entries[text].standing, text)))
        blind = {self._pseudonyms.query(catalogue, text): text for text in texts}
        vectors = {text: known.vectors[text] for text in texts if text in known.vectors} if known is not None else {}
        made = _Texts(time.monotonic(), texts, blind, vectors)
        with self._lock:
            if len(self._known) >= _MOST_CATALOGUES:
                self._known.clear()
            self._known[catalogue] = made
        return made
