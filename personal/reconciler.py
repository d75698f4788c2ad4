"""Counting what nobody has counted: events of a writer that crashed, and of others who wrote into the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine
from plugin.errors import EngineRejected
from plugin.names import BEHAVIOUR, UBI_EVENTS
from plugin.statedocs import Stored, Write, read_many, write_many

from .counters import Family, digest
from .counters_store import CounterStore
from .observations import observe
from .pseudonyms import Pseudonyms

BATCH = 1000

Events = Sequence[tuple[str, Mapping[str, Any]]]
"""(id, document) each."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of ``ubi_events``.

    Attributes:
        index: the index behind the name, which may be an alias.
        uuid: its own id: an index that was deleted and made again starts anew.
        number: of the shard.
        safe: the last ``_seq_no`` that all copies have; what is at or below it is there for good.
    """

    index: str
    uuid: str
    number: int
    safe: int


class Reconciler:
    """Brings counters up to the truth. Any number may run at once."""

    def __init__(
        self, engine: Engine, pseudonyms: Pseudonyms, family: Family, teach: Callable[[Events], None] | None = None
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

    def run(self) -> int:
        """Look at every event since the watermark and count it, unless it is counted.

        Returns:
            How many events were looked at.

        Raises:
            FoldFailed: counters stayed busy; the watermark stands before them, so the next run goes on there.
            EngineError: the engine does not answer or refuses; likewise.
        """
        looked = 0
        for shard in self._shards():
            mark = self._mark(shard)
            done = int(mark.source["seq_no"]) if mark is not None else -1
            if done >= shard.safe:
                continue
            self._engine.request("POST", f"/{shard.index}/_refresh")
            while done < shard.safe:
                hits = self._after(shard, done)
                events = [(str(hit["_id"]), hit["_source"]) for hit in hits]
                seen = observe(self._engine, self._pseudonyms, events)
                self._counters.fold(observation for one in seen for observation in one.observations)
                if self._teach is not None:
                    self._teach(events)
                looked += len(hits)
                done = int(hits[-1]["sort"][0]) if len(hits) == BATCH else shard.safe
                self._advance(shard, done)
        return looked

    def clean(self) -> int:
        """Delete the counters of other families: of an earlier half-life, key or epoch. Returns how many there were."""
        self._engine.request("POST", f"/{BEHAVIOUR}/_refresh")
        answer = self._engine.request(
            "POST",
            f"/{BEHAVIOUR}/_delete_by_query",
            {"query": {"bool": {"must_not": {"term": {"family": str(self._counters.family)}}}}},
            {"refresh": "true", "conflicts": "proceed"},
            timeout_s=600.0,
        )
        return int(answer["deleted"])

    def _shards(self) -> list[Shard]:
        try:
            answer = self._engine.request(
                "GET",
                f"/{UBI_EVENTS}/_stats/docs",
                params={
                    "level": "shards",
                    "filter_path": "indices.*.uuid,indices.*.shards.*.routing.primary,indices.*.shards.*.seq_no",
                },
            )
        except EngineRejected as error:
            if error.status == 404:
                return []
            raise
        found = []
        for index, value in answer.get("indices", {}).items():
            for number, copies in value.get("shards", {}).items():
                safe = [int(copy["seq_no"]["global_checkpoint"]) for copy in copies if copy["routing"]["primary"]]
                if safe:
                    found.append(Shard(index, value["uuid"], int(number), safe[0]))
        return found

    def _after(self, shard: Shard, done: int) -> list[dict[str, Any]]:
        body = {
            "query": {"range": {"_seq_no": {"gt": done, "lte": shard.safe}}},
            "sort": [{"_seq_no": "asc"}],
            "size": BATCH,
            "track_total_hits": False,
        }
        answer = self._engine.search(shard.index, body, {"preference": f"_shards:{shard.number}"})
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return hits

    def _mark_id(self, shard: Shard) -> str:
        return "w." + digest(str(self._counters.family), shard.uuid, str(shard.number))

    def _mark(self, shard: Shard) -> Stored | None:
        name = self._mark_id(shard)
        return read_many(self._engine, [(BEHAVIOUR, name)]).get((BEHAVIOUR, name))

    def _advance(self, shard: Shard, done: int) -> None:
        """Raise the watermark. A conflict means that another reconciler has moved it; the next run looks again."""
        mark = self._mark(shard)
        if mark is not None and int(mark.source["seq_no"]) >= done:
            return
        source: Mapping[str, Any] = {
            "kind": "watermark",
            "family": str(self._counters.family),
            "index": shard.index,
            "shard": shard.number,
            "seq_no": done,
        }
        write_many(self._engine, [Write(BEHAVIOUR, self._mark_id(shard), source, mark)])
