"""The smallest changes that would swap a result with its neighbour, each found by ranking again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from personal.errors import SecretUnusable
from plugin.errors import EngineError
from ranker.candidate import Candidate
from ranker.explain.swap import OutOfTime, smallest
from ranker.explain.words import QUERY, without, words_of

from .. import sentences
from ..parts import Parts
from ..people import without as lacking
from ..schemas.explain import ChangeOut, ExplainBody, SwapOut
from .scene import Scene, scene_of

MOST_CLICKS = 4096
PRICE_STEPS = 200
"""A price falls by half at most, in steps of so many parts of that."""
MOST_WORDS = 6
"""Words of the query that are left out, one by one."""


class Swaps:
    """Looks for changes until the time is up."""

    def __init__(self, parts: Parts, scene: Scene, body: ExplainBody, until: float) -> None:
        self._parts, self._scene, self._body, self._until = parts, scene, body, until
        self._complete = True

    def found(self, position: int) -> SwapOut | None:
        """Changes by which the lower of a result and its neighbour would pass the upper; ``None`` where it has no
        neighbour that could be passed: it is alone, or the shop pinned one of the two."""
        scene = self._scene
        place = scene.ids.index(scene.candidates[position].id)
        upper, lower = (place - 1, place) if place else (0, 1)
        if lower >= len(scene.ids):
            return None
        passes, item = scene.ids[upper], scene.ids[lower]
        mine = next((one for one in scene.candidates if one.id == item), None)
        if mine is None or not {item, passes}.isdisjoint(scene.question.rule.pinned):
            return None
        changes = []
        for seek in (self._clicks, self._price, self._words):
            try:
                changes += seek(mine, passes)
            except OutOfTime:
                self._complete = False
            except (EngineError, SecretUnusable) as error:
                lacking("explanation", error)
                self._complete = False
        return SwapOut(id=item, passes=passes, changes=changes, complete=self._complete)

    def _late(self) -> bool:
        """Whether the time is up, after making way for whoever waits for an answer."""
        self._parts.foreground.make_way(self._until)
        return time.monotonic() >= self._until

    def _passes(self, item: str, passes: str, make: Callable[[int], dict[str, float]]) -> Callable[[int], bool]:
        scene, search = self._scene, self._parts.search

        def swaps(amount: int) -> bool:
            signals = make(amount)
            window = [
                replace(one, signals={**one.signals, **signals}) if one.id == item else one for one in scene.candidates
            ]
            ranking = search.worked(scene.question.request.text or "", window).ranking
            if ranking.degraded is not None:
                raise OutOfTime
            ids, _ = search.shaped(scene.question, ranking, scene.found)
            return ids.index(item) < ids.index(passes)

        return swaps

    def _clicks(self, mine: Candidate, passes: str) -> list[ChangeOut]:
        """More people who see and click it for this query."""
        scene = self._scene
        limit = self._parts.settings.behaviour_budget_ms / 1000
        reader = self._parts.behaviour.reader
        signal = reader.clicked(scene.index, scene.question.request.words, mine.id, timeout_s=limit)
        swaps = self._passes(mine.id, passes, lambda more: {"behaviour": signal(more)})
        # Clicks that no purchase follows lower the signal in the end: as many as raise it most are worth trying.
        most = max((2**power for power in range(MOST_CLICKS.bit_length())), key=signal)
        clicks = smallest(swaps, most, steps=4, stop=self._late)
        if clicks is None:
            return []
        text = sentences.change("clicks", self._body.language, amount=clicks)
        return [ChangeOut(kind="clicks", amount=clicks, text=text)]

    def _price(self, mine: Candidate, passes: str) -> list[ChangeOut]:
        """A lower price, where the model has learnt that it matters."""
        price = mine.signals.get("price")
        if price is None:
            return []
        step = price / 2 / PRICE_STEPS
        swaps = self._passes(mine.id, passes, lambda steps: {"price": price - steps * step})
        steps = smallest(swaps, PRICE_STEPS, steps=8, stop=self._late)
        if steps is None:
            return []
        less = round(steps * step, 2)
        return [ChangeOut(kind="price", amount=less, text=sentences.change("price", self._body.language, amount=less))]

    def _words(self, mine: Candidate, passes: str) -> list[ChangeOut]:
        """A search without one of its words, searched anew."""
        query = self._scene.question.request.text or ""
        words = [word for word in words_of(query, "") if word.where == QUERY]
        if not 2 <= len(words) <= MOST_WORDS:
            return []
        changes = []
        for word in words:
            if self._late():
                raise OutOfTime
            shorter = self._scene.body.model_copy(update={"query": without(query, [(word.start, word.end)])})
            ids = scene_of(self._parts, shorter, self._scene.question.visitor).ids
            if mine.id in ids and (passes not in ids or ids.index(mine.id) < ids.index(passes)):
                text = sentences.change("without", self._body.language, word=word.text)
                changes.append(ChangeOut(kind="without", word=word.text, text=text))
        return changes
