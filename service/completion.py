"""OpenSearch's own completion suggester over some texts, to set suggestions against."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Completion:
    """An index of its own with a field of type ``completion``; see :func:`completing`."""

    engine: Engine
    index: str

    def fill(self, weights: Mapping[str, float]) -> None:
        """Take texts in, a text of greater weight standing first. Weights are rounded: the field holds whole numbers.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        lines: list[dict[str, Any]] = []
        for text, weight in weights.items():
            lines += [{"index": {}}, {"suggest": {"input": text, "weight": max(1, round(weight))}}]
        with self.engine.mapped_errors():
            for start in range(0, len(lines), 2 * _AT_ONCE):
                self.engine.client.bulk(body=lines[start : start + 2 * _AT_ONCE], index=self.index)
        self.engine.request("POST", f"/{self.index}/_refresh")
        self.engine.request("POST", f"/{self.index}/_forcemerge", params={"max_num_segments": "1"})

    def suggest(self, typed: str, size: int) -> list[str]:
        """What it offers, slips forgiven as ``fuzziness: AUTO`` does.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        field = {"field": "suggest", "size": size, "fuzzy": {"fuzziness": "AUTO"}}
        body = {"_source": False, "suggest": {"typed": {"prefix": typed, "completion": field}}}
        answer = self.engine.search(self.index, body)
        return [str(option["text"]) for option in answer["suggest"]["typed"][0]["options"]]


@contextmanager
def completing(engine: Engine) -> Iterator[Completion]:
    """An empty one, deleted afterwards.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    index = f"hybridrank-completion-{uuid.uuid4().hex[:12]}"
    mapping = {"mappings": {"properties": {"suggest": {"type": "completion"}}}}
    engine.request("PUT", f"/{index}", mapping)
    try:
        yield Completion(engine, index)
    finally:
        engine.request("DELETE", f"/{index}", params={"ignore_unavailable": "true"})
