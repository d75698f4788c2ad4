"""A piece of work that several ways do, in turn, and how ours stands beside the others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Way = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work.

    Attributes:
        name: of the work.
        unit: of the values, such as ``texts/s`` or ``ms``.
        values: of each way, one a round; the first way is what ours, the last, is measured against.
        about: what one must know to read it: what was cold, what was left out.
    """

    name: str
    unit: str
    values: Mapping[str, Sequence[float]]
    about: str = ""

    def ratio(self) -> tuple[float, float, float] | None:
        """Ours over the first way: median, lowest, highest of the rounds; ``None`` where there is nothing beside it."""
        if len(self.values) < 2:
            return None
        beside, *_, ours = self.values.values()
        each = [one / other for one, other in zip(ours, beside, strict=True)]
        return statistics.median(each), min(each), max(each)

    def shown_ratio(self) -> str:
        """The ratio with its spread."""
        found = self.ratio()
        return "" if found is None else f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})"


def rates(name: str, ways: Mapping[str, Way], texts: Sequence[str], rounds: int, about: str = "") -> Row:
    """Texts per second: let the ways take turns, after one round over a few texts that loads them."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways.values():
        way(texts[:8])
    for _ in range(rounds):
        for name_of_way, work in ways.items():
            started = time.perf_counter()
            work(texts)
            found[name_of_way].append(len(texts) / (time.perf_counter() - started))
    return Row(name, "texts/s", found, about)


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which a part of them lie."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
