"""How much of one item's path of categories another item shares: the signal ``category``."""

from __future__ import annotations

from collections.abc import Sequence


def shared(first: Sequence[str], second: Sequence[str]) -> float | None:
    """The share of the first path that the second has too, from the widest category on, 0..1; ``None`` where either is
    empty. Names are compared as they are."""
    if not first or not second:
        return None
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return same / len(first)
