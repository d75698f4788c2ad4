"""Counting what nobody has counted: events of a writer that crashed, and of others who wrote into the engine."""

from __future__ import annotations

from collections.abc import Callable

from plugin.client import Engine
from plugin.names import BEHAVIOUR, UBI_EVENTS
from plugin.statedocs import delete_where

from .counters import Family
from .counters_store import CounterStore
from .observations import observe
from .pseudonyms import Pseudonyms
from .trail import Documents, Trail


class Reconciler:
    """Brings counters up to the truth. Any number may run at once."""

    def __init__(
        self,
        engine: Engine,
        pseudonyms: Pseudonyms,
        family: Family,
        teach: Callable[[Documents], None] | None = None,
    ) -> None:
        """Make one.

        Args:
            engine: the cluster.
            pseudonyms: of people and queries.
            family: of the counters.
            teach: is given every event as well, after it was counted; what it raises is raised by :meth:`run`.
        """
        self._engine = engine
        self._pseudonyms = pseudonyms
        self._counters = CounterStore(engine, family)
        self._teach = teach
        self._trail = Trail(engine, UBI_EVENTS, str(family))

    def run(self) -> int:
        """Look at every event since the watermark and count it, unless it is counted.

        Returns:
            How many events were looked at.

        Raises:
            FoldFailed: counters stayed busy; the watermark stands before them, so the next run goes on there.
            EngineError: the engine does not answer or refuses; likewise.
        """
        return self._trail.walk(self._take)

    def _take(self, events: Documents) -> None:
        seen = observe(self._engine, self._pseudonyms, events)
        self._counters.fold(observation for one in seen for observation in one.observations)
        if self._teach is not None:
            self._teach(events)

    def clean(self) -> int:
        """Delete the counters of other families: of an earlier half-life, key or epoch. Returns how many there were."""
        others = {"bool": {"must_not": {"term": {"family": str(self._counters.family)}}}}
        return delete_where(self._engine, BEHAVIOUR, others, timeout_s=600.0)
