"""Behaviour and merchandising, composed for one worker: intake, counters, the signal, the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from personal.behaviour import Formula
from personal.behaviour_reader import BehaviourReader
from personal.counters import Family
from personal.counters_store import CounterStore
from personal.intake import Intake
from personal.merchandising import RuleBook
from personal.pseudonyms import Pseudonyms, load
from personal.reconciler import Reconciler
from personal.related import RelatedQueries
from personal.together import TogetherReader
from personal.trail import Documents
from plugin.client import Engine

from .settings import Settings


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a worker needs to take events in and to rank by them.

    Attributes:
        intake: takes events.
        reader: gives the signal.
        rules: of merchandising.
        reconciler: counts what nobody has counted.
        pseudonyms: stand for people, sessions and queries.
        together: what goes with items, and what trends.
        counters: of what people did.
        related: queries to go on with.
    """

    intake: Intake
    reader: BehaviourReader
    rules: RuleBook
    reconciler: Reconciler
    pseudonyms: Pseudonyms
    together: TogetherReader
    counters: CounterStore
    related: RelatedQueries

    @classmethod
    def of(cls, settings: Settings, engine: Engine, teach: Callable[[Documents], None]) -> Behaviour:
        """Compose it.

        Args:
            settings: half-life and the like.
            engine: the cluster.
            teach: is given the events that the reconciler looks at; what it raises stops that run.

        Raises:
            SecretUnusable: the key of pseudonyms cannot be read or made.
        """
        pseudonyms = load(settings.home)
        family = Family(settings.behaviour_half_life_days, pseudonyms.key_id, settings.behaviour_epoch)
        return cls(
            Intake(engine, pseudonyms, family),
            BehaviourReader(engine, pseudonyms, family, Formula(eta=settings.examination_eta)),
            RuleBook(engine),
            Reconciler(engine, pseudonyms, family, teach),
            pseudonyms,
            TogetherReader(engine, family),
            CounterStore(engine, family),
            RelatedQueries(engine, pseudonyms, family),
        )
