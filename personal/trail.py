"""An index followed document by document in the order of writing, with a watermark a shard that outlives its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine
from plugin.errors import EngineRejected
from plugin.names import BEHAVIOUR
from plugin.statedocs import Stored, Write, read_many, write_many

from .counters import digest

BATCH = 1000

Documents = Sequence[tuple[str, Mapping[str, Any]]]
"""(id, content) each."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of an index.

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


class Trail:
    """Follows one index for one purpose. Any number may run at once: they may see a document twice, none is missed."""

    def __init__(self, engine: Engine, index: str, family: str) -> None:
        """Make one.

        Args:
            engine: the cluster.
            index: what is followed.
            family: whose watermark it is; another family starts at the beginning.
        """
        self._engine = engine
        self._index = index
        self._family = family

    def walk(self, take: Callable[[Documents], None]) -> int:
        """Give everything since the watermark to ``take``, up to :data:`BATCH` documents a call.

        What ``take`` raises is raised; the watermark then stands before what it was given.

        Returns:
            How many documents were given.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        looked = 0
        for shard in shards_of(self._engine, self._index):
            mark = self._mark(shard)
            done = int(mark.source["seq_no"]) if mark is not None else -1
            if done >= shard.safe:
                continue
            self._engine.request("POST", f"/{shard.index}/_refresh")
            while done < shard.safe:
                hits = written_after(self._engine, shard, done)
                take([(str(hit["_id"]), hit["_source"]) for hit in hits])
                looked += len(hits)
                done = int(hits[-1]["sort"][0]) if len(hits) == BATCH else shard.safe
                self._advance(shard, done)
        return looked

    def _mark_id(self, shard: Shard) -> str:
        return "w." + digest(self._family, shard.uuid, str(shard.number))

    def _mark(self, shard: Shard) -> Stored | None:
        name = self._mark_id(shard)
        return read_many(self._engine, [(BEHAVIOUR, name)]).get((BEHAVIOUR, name))

    def _advance(self, shard: Shard, done: int) -> None:
        """Raise the watermark. A conflict means that another reader has moved it; the next walk looks again."""
        mark = self._mark(shard)
        if mark is not None and int(mark.source["seq_no"]) >= done:
            return
        source: Mapping[str, Any] = {
            "kind": "watermark",
            "family": self._family,
            "index": shard.index,
            "shard": shard.number,
            "seq_no": done,
        }
        write_many(self._engine, [Write(BEHAVIOUR, self._mark_id(shard), source, mark)])


def shards_of(engine: Engine, index: str) -> list[Shard]:
    """The shards of an index; none where it does not exist."""
    try:
        answer = engine.request(
            "GET",
            f"/{index}/_stats/docs",
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
    for name, value in answer.get("indices", {}).items():
        for number, copies in value.get("shards", {}).items():
            safe = [int(copy["seq_no"]["global_checkpoint"]) for copy in copies if copy["routing"]["primary"]]
            if safe:
                found.append(Shard(name, value["uuid"], int(number), safe[0]))
    return found


def written_after(
    engine: Engine, shard: Shard, done: int, filters: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The next documents of a shard after a ``_seq_no``, in the order of writing; refreshed ones only.

    Each hit's ``sort`` holds its ``_seq_no``; fewer than :data:`BATCH` means that there are no more.
    """
    written = {"range": {"_seq_no": {"gt": done, "lte": shard.safe}}}
    body = {
        "query": {"bool": {"filter": [written, *filters]}},
        "sort": [{"_seq_no": "asc"}],
        "size": BATCH,
        "track_total_hits": False,
    }
    answer = engine.search(shard.index, body, {"preference": f"_shards:{shard.number}"})
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits
