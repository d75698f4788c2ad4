"""Which second of a product's clip fits a query best: looked up for the shown results only."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.lookup import get_many
from indexer.picturing import unpacked
from plugin.client import Engine
from plugin.document import MOMENTS, OWN
from plugin.query import Vector

from .schemas.search import ResultOut


def with_moments(engine: Engine, index: str, vector: Vector | None, results: Sequence[ResultOut]) -> list[ResultOut]:
    """Add ``moment`` and ``clip`` to those results that have clips.

    Args:
        engine: the cluster.
        index: the generation that was asked.
        vector: of the query, in the space of the pictures; ``None``: nothing is added.
        results: one page.

    Raises:
        EngineError: the engine does not answer.
    """
    filmed = [result.id for result in results if result.source.get("video")]
    if vector is None or not filmed:
        return list(results)
    found = get_many(engine, index, filmed, (f"{OWN}.{MOMENTS}",))
    stored = {name: document["_source"].get(OWN, {}).get(MOMENTS) or [] for name, document in found.items()}
    answered = []
    for result in results:
        best: tuple[float, float, str] | None = None
        for clip in stored.get(result.id, []):
            second, cosine = unpacked(clip).best(vector)
            if best is None or cosine > best[1]:
                best = second, cosine, str(result.source["video"][clip["video"]])
        update = {} if best is None else {"moment": round(best[0], 2), "clip": best[2]}
        answered.append(result.model_copy(update=update))
    return answered
