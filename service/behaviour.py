"""Behaviour and merchandising, composed for one worker: intake, counters, the signal, the rules."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from personal.behaviour import Formula
from personal.behaviour_reader import BehaviourReader
from personal.counters import Family
from personal.errors import FoldFailed
from personal.intake import Intake
from personal.merchandising import RuleBook
from personal.pseudonyms import Pseudonyms, load
from personal.reconciler import Events, Reconciler
from personal.together import TogetherReader
from plugin.client import Engine
from plugin.errors import EngineError

from . import metrics
from .settings import Settings

log = logging.getLogger("hybridrank.service")


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
    """

    intake: Intake
    reader: BehaviourReader
    rules: RuleBook
    reconciler: Reconciler
    pseudonyms: Pseudonyms
    together: TogetherReader

    @classmethod
    def of(cls, settings: Settings, engine: Engine, teach: Callable[[Events], None]) -> Behaviour:
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
        )


def keep_reconciling(reconciler: Reconciler, every_s: float) -> threading.Event:
    """Run the reconciler again and again, in a thread that ends with the process or once the event is set."""
    pause = threading.Event()

    def loop() -> None:
        # Workers look at different moments, so that one of them usually finds the work done.
        while not pause.wait(every_s * random.uniform(0.7, 1.3)):
            try:
                metrics.RECONCILED.inc(reconciler.run())
            except (EngineError, FoldFailed) as error:
                metrics.RECONCILE_FAILURES.labels(type(error).__name__).inc()
                log.warning("events could not be reconciled, trying again: %s", type(error).__name__)

    threading.Thread(target=loop, name="reconciler", daemon=True).start()
    return pause
