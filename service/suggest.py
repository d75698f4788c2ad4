"""Suggestions, composed for one worker: the book, what keeps it up to date, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass

from personal.counters import Family
from personal.event_times import now_ms
from personal.pseudonyms import Pseudonyms
from personal.suggestions.asked import Asked
from personal.suggestions.phrases import catalogue_entries
from personal.suggestions.store import replace_phrases
from personal.suggestions.suggester import Suggester
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.scan import scan

from .settings import Settings

FIELDS = ("title", "brand", "color", "category")


@dataclass(frozen=True, slots=True)
class Suggest:
    """What a worker needs to suggest.

    Attributes:
        suggester: answers.
        asked: counts who typed what.
    """

    suggester: Suggester
    asked: Asked

    @classmethod
    def of(cls, settings: Settings, engine: Engine, pseudonyms: Pseudonyms) -> Suggest:
        """Compose it."""
        family = Family(settings.behaviour_half_life_days, pseudonyms.key_id, settings.behaviour_epoch)
        asked = Asked(engine, pseudonyms, family, enough=settings.suggest_min_people)
        return cls(Suggester(engine, settings.behaviour_half_life_days), asked)

    def keep_up(self) -> None:
        """Count what was typed since, and read what changed.

        Raises:
            EngineError: the engine does not answer.
            FoldFailed: a counter stayed busy; the next call goes on there.
        """
        self.asked.run()
        self.suggester.refresh()


def build_phrases(engine: Engine, index: str) -> tuple[int, int, int]:
    """Make the phrases of a catalogue anew.

    Returns:
        (phrases, of these written, earlier ones that are gone).

    Raises:
        UnknownCatalogue: no such catalogue.
        EngineError: the engine does not answer.
    """
    catalogue = lookup(engine, index)
    entries = catalogue_entries(lambda: scan(engine, catalogue.index, FIELDS))
    written, gone = replace_phrases(engine, index, entries, now_ms())
    return len(entries), written, gone
