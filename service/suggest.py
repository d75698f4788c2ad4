"""Suggestions, composed for one worker: the book, what keeps it up to date, and how it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personal.counters import Family
from personal.event_times import now_ms
from personal.pseudonyms import Pseudonyms
from personal.suggestions.asked import Asked
from personal.suggestions.daily import DailyChoice, Spent, composed
from personal.suggestions.phrases import catalogue_entries
from personal.suggestions.private import Budget
from personal.suggestions.store import replace_phrases
from personal.suggestions.suggester import Suggester
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.scan import scan

from . import metrics
from .settings import Settings

FIELDS = ("title", "brand", "color", "category")


@dataclass(frozen=True, slots=True)
class Suggest:
    """What a worker needs to suggest.

    Attributes:
        suggester: answers.
        asked: counts who typed what.
        daily: the private choice of what is suggested; ``None`` where the number of people decides.
    """

    suggester: Suggester
    asked: Asked
    daily: DailyChoice | None = None

    @classmethod
    def of(cls, settings: Settings, engine: Engine, pseudonyms: Pseudonyms) -> Suggest:
        """Compose it."""
        family = Family(settings.behaviour_half_life_days, pseudonyms.key_id, settings.behaviour_epoch)
        budget = budget_of(settings)
        asked = Asked(engine, pseudonyms, family, enough=settings.suggest_min_people, by_count=budget is None)
        daily = None if budget is None else DailyChoice(engine, pseudonyms, family, asked, budget, tell=tell_spent)
        return cls(Suggester(engine, settings.behaviour_half_life_days), asked, daily)

    def keep_up(self) -> None:
        """Count what was typed since, and read what changed.

        Raises:
            EngineError: the engine does not answer.
            FoldFailed: a counter stayed busy; the next call goes on there.
        """
        self.count()
        self.suggester.refresh()

    def count(self) -> int:
        """Count what was typed since, and choose for the days that are over; how many queries were looked at."""
        looked = self.asked.run()
        if self.daily is not None:
            self.daily.run(now_ms())
        return looked


def tell_spent(catalogue: str, records: Sequence[Spent]) -> None:
    """Show what private choices of a catalogue's suggestions have spent, as a metric."""
    epsilon, delta = composed(records)
    metrics.SUGGESTIONS_EPSILON.labels(catalogue).set(epsilon)
    metrics.SUGGESTIONS_DELTA.labels(catalogue).set(delta)
    metrics.SUGGESTIONS_DAYS.labels(catalogue).set(len(records))


def budget_of(settings: Settings) -> Budget | None:
    """What a day's choice may spend; ``None`` where it is not private."""
    if not settings.suggest_epsilon:
        return None
    return Budget(settings.suggest_epsilon, settings.suggest_delta, settings.suggest_queries_of_a_person)


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
