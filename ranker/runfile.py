"""Rankings as TREC run files, which other evaluation tools read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import JudgmentError


def write_run(path: Path, system: str, rankings: Mapping[str, Sequence[str]]) -> None:
    """Write one system's rankings, a result a line: ``query_id Q0 product_id rank score system``.

    The score is 1/rank: those tools sort by score and break ties their own way, and this keeps our order.

    Raises:
        JudgmentError: an id holds white space, which the format cannot carry.
        OSError: the file cannot be written.
    """
    lines = []
    for query_id, ranked in rankings.items():
        for rank, item in enumerate(ranked, 1):
            for name in (query_id, item):
                if len(name.split()) != 1:
                    raise JudgmentError(f"run file: the id {name!r} holds white space, which a TREC run cannot carry")
            lines.append(f"{query_id} Q0 {item} {rank} {1 / rank:.6f} {system}\n")
    path.write_text("".join(lines), "utf-8")
