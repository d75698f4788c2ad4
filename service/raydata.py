"""Indexing by Ray Data: the shares of a catalogue go to the workers of a Ray cluster, each with encoders of its own.

A worker reads the files itself and writes to OpenSearch itself; only numbers of shares and summaries travel, so
neither products nor secrets pass through Ray. What a worker needs it reads from its own settings: the files, the
settings and ``HYBRIDRANK_HOME`` have to be there on every machine. A share is idempotent, so Ray may repeat it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from indexer import Summary
from indexer.errors import IndexerError
from indexer.sharding import Share
from multimodal.errors import EncoderError
from plugin.errors import EngineError

from .engine import engine_from
from .indexing import Indexing, index_files
from .settings import Settings

SHARES_PER_WORKER = 4
"""So that a slow or lost worker holds up little."""
SHOWN = 20


class IndexShares:
    """What one worker of Ray does: a share a call, with the models loaded once."""

    def __init__(self, wanted: Indexing, count: int) -> None:
        self._wanted = wanted
        self._count = count
        self._settings = Settings(index=wanted.index)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Index the shares that a batch numbers from 0; gives their summaries as JSON, or what went wrong."""
        done: dict[str, list[str]] = {"summary": [], "error": []}
        with engine_from(self._settings) as engine:
            for number in batch["id"]:
                share = Share(int(number) + 1, self._count)
                summary, wrong = "", ""
                try:
                    summary = json.dumps(asdict(index_files(self._wanted, self._settings, engine, share=share)))
                except (IndexerError, EngineError, EncoderError, OSError) as error:
                    wrong = f"share {share}: {error}"
                done["summary"].append(summary)
                done["error"].append(wrong)
        return done


def index_by_ray(wanted: Indexing, *, workers: int) -> Summary:
    """Index files by so many workers of the Ray cluster that ``RAY_ADDRESS`` names, or of one on this machine.

    Raises:
        IndexerError: the extra is not installed, or a worker failed; its words.
    """
    started = time.monotonic()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise IndexerError("--ray: Ray is not installed; pip install 'hybridrank[ray]'") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    files = tuple(str(Path(file).resolve()) for file in wanted.files)
    images = wanted.images.resolve() if wanted.images is not None else None
    everywhere = Indexing(files, wanted.index, wanted.language, wanted.rebuild, images)
    count = workers * SHARES_PER_WORKER
    alone = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": max(workers, os.cpu_count() or 1)}
    ray.init(log_to_driver=False, logging_level=logging.ERROR, **alone)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        # Items lie ready in blocks: reading them takes no task, which the workers could leave no processor for.
        numbers = ray.data.from_items([{"id": number} for number in range(count)], override_num_blocks=count)
        shares = numbers.map_batches(
            IndexShares,
            fn_constructor_args=(everywhere, count),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=workers),
        )
        rows = shares.take_all()
    finally:
        ray.shutdown()
    failed = [row["error"] for row in rows if row["error"]]
    if failed:
        raise IndexerError(f"{len(failed)} of {count} shares failed, the first: {failed[0]}")
    whole = together([Summary(**json.loads(row["summary"])) for row in rows])
    whole.seconds = time.monotonic() - started
    return whole


def together(shares: list[Summary]) -> Summary:
    """One summary of all shares: the numbers add up, but not the seconds, which are those of the longest."""
    whole = Summary(shares[0].index)
    for field in fields(Summary):
        values = [getattr(share, field.name) for share in shares]
        if isinstance(values[0], bool):
            setattr(whole, field.name, any(values))
        elif isinstance(values[0], int):
            setattr(whole, field.name, sum(values))
        elif isinstance(values[0], list):
            setattr(whole, field.name, [one for value in values for one in value][:SHOWN])
        else:
            setattr(whole, field.name, next((value for value in values if value is not None), None))
    whole.seconds = max(share.seconds for share in shares)
    whole.shard, whole.shares_to_come = None, 0
    return whole
