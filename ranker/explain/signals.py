"""Contributions of signals to the score of one item, exact: every set of its signals through the head, in one batch.

The players are the signals that the item has, and what is read from its text: the cross-encoder's reading, the share
of words that query and title have in common, what the query refuses and what the title contradicts. The baseline of
each is absent: its features are what they are where nothing is known of it. The rest of the window stays as it is.
Rules that move the score after the head add their part as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..blend import logit as cut_logit
from ..candidate import SIGNALS, Candidate
from ..fusion import FIRST_STAGE_WEIGHTS, NUDGES, first_stage
from ..model import SQUEEZE, Ranker, Workings
from ..signals import FEATURES
from .shapley import exact

READING, TITLE, REFUSED, CONTRADICTED = "reading", "title_words", "refused", "contradicted"
LIKENESS, UNREAD, CUT = "likeness", "unread", "cut"
LOGIT, SHARE = "logit", "score"
"""Units: logits where a model ranked, the score itself where the first stage did."""

GROUPS: Mapping[str, tuple[int, ...]] = {
    **{name: tuple(n for n, f in enumerate(FEATURES) if f.startswith(f"{name}.")) for name in SIGNALS},
    TITLE: tuple(n for n, f in enumerate(FEATURES) if f.startswith("text.")),
    REFUSED: tuple(FEATURES.index(f"asked.{name}") for name in ("offered", "denied")),
    CONTRADICTED: tuple(FEATURES.index(f"asked.{name}") for name in ("accessory", "behind", "clash")),
}
GROUPS = {**GROUPS, "text_vector": (*GROUPS["text_vector"], FEATURES.index("gated.text_vector.uncovered"))}
"""Features by player. Those of the window as a whole are nobody's: they are part of the baseline."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What one item's score is made of.

    Attributes:
        id: of the item.
        unit: :data:`LOGIT` or :data:`SHARE`.
        base: what an item of this window gets of which nothing is known.
        parts: contribution by player, the largest first; with ``base`` they add up to :attr:`value`.
        score: the score that it was ranked by, 0..1; of logits the sigmoid of their sum.
        read: the cross-encoder read its text.
    """

    id: str
    unit: str
    base: float
    parts: Mapping[str, float]
    score: float
    read: bool

    @property
    def value(self) -> float:
        """The sum, in ``unit``."""
        return self.base + math.fsum(self.parts.values())


def explained(ranker: Ranker, candidates: Sequence[Candidate], workings: Workings, position: int) -> Explained:
    """Explain one item of a window that was ranked.

    Args:
        ranker: the one that ranked.
        candidates: the window.
        workings: of its ranking.
        position: of the item in ``candidates``.
    """
    if workings.ranking.model == "first_stage":
        return of_first_stage(candidates, position)
    read = position in workings.chosen
    base, parts = of_head(ranker, workings, position)
    parts[LIKENESS] = float(workings.gains[position])
    for name, lift in zip(SIGNALS, workings.lifts[position], strict=True):
        if lift:
            parts[name] = parts.get(name, 0.0) + float(lift)
    if not read:
        # What was not read lies below what was: its chance is a share of the lowest read score.
        value = base + math.fsum(parts.values())
        lowest = workings.ranking.items[len(workings.chosen) - 1].score if workings.chosen else 1.0
        parts[UNREAD] = logit(lowest * SQUEEZE / (1.0 + math.exp(-value))) - value
    score = next(item.score for item in workings.ranking.items if item.position == position)
    return Explained(candidates[position].id, LOGIT, base, largest_first(parts), score, read)


def with_live(found: Explained, moved: Mapping[str, float], factor: float = 1.0) -> Explained:
    """The same with live signals put on the logit of the score (``ranker.blend``).

    Args:
        found: of the ranking before.
        moved: what each live signal adds to the logit.
        factor: what the logit before is multiplied by.
    """
    base, parts = found.base, dict(found.parts)
    if found.unit == SHARE:
        # The first stage's parts share the way from its baseline to its score alike in logits.
        base, value = cut_logit(found.base), cut_logit(found.score)
        way = found.score - found.base
        parts = {name: part * (value - base) / way for name, part in parts.items()} if way else {}
    cut = cut_logit(found.score) - (base + math.fsum(parts.values()))
    if abs(cut) > 1e-9:
        parts[CUT] = cut
    parts = {name: factor * part for name, part in parts.items()}
    for name, part in moved.items():
        parts[name] = parts.get(name, 0.0) + part
    base *= factor
    score = 1.0 / (1.0 + math.exp(-(base + math.fsum(parts.values()))))
    return Explained(found.id, LOGIT, base, largest_first(parts), score, found.read)


class HeadGame:
    """Values of one item with some of its signals absent: sets, shape (sets, players), to logits, shape (sets,).

    Attributes:
        players: names, in the order of the sets' columns.
        row: the item's features; ``absent`` those of an item of which nothing is known.
        vector: what was read of its text, shape (outputs,); zeros where it was not read.
    """

    def __init__(self, ranker: Ranker, workings: Workings, position: int) -> None:
        self._ranker = ranker
        self.row = workings.matrix[position]
        self.absent = absent_row(workings.matrix)
        told = [
            name for name in GROUPS if not np.array_equal(self.row[self.columns(name)], self.absent[self.columns(name)])
        ]
        read = position in workings.chosen
        self.vector = workings.vectors[workings.chosen.index(position)] if read else _nothing(ranker)
        self.players = (*told, READING) if read else tuple(told)

    @staticmethod
    def columns(name: str) -> list[int]:
        """Features of a player; none of :data:`READING`, whose part is the vector."""
        return [*GROUPS.get(name, ())]

    def __call__(self, sets: NDArray[np.bool_]) -> NDArray[np.float64]:
        matrix = np.tile(self.row, (len(sets), 1))
        known = np.zeros(len(sets), bool)
        for number, name in enumerate(self.players):
            if name == READING:
                known = sets[:, number]
                continue
            columns = np.array(self.columns(name))
            matrix[np.ix_(np.flatnonzero(~sets[:, number]), columns)] = self.absent[columns]
        vectors = np.where(known[:, None], self.vector, np.float32(0))
        return self._ranker.logits(vectors, known, matrix).astype(np.float64)

    def named(self, values: NDArray[np.float64]) -> dict[str, float]:
        """One value a player, by name."""
        return dict(zip(self.players, map(float, values), strict=True))


def _nothing(ranker: Ranker) -> NDArray[np.float32]:
    return np.zeros(ranker.config.outputs, np.float32)


def of_head(ranker: Ranker, workings: Workings, position: int) -> tuple[float, dict[str, float]]:
    """Exact contributions to the head's logit: (value of nobody, by player)."""
    game = HeadGame(ranker, workings, position)
    base, found = exact(len(game.players), game)
    return base, game.named(found)


def absent_row(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of an item of which nothing is known, in a window whose features are ``matrix``."""
    row = np.zeros(matrix.shape[1], np.float32)
    for columns in (name for name in FEATURES if name.startswith("window.")):
        row[FEATURES.index(columns)] = matrix[0, FEATURES.index(columns)]
    # An image that is not there counts as the mean of those that are (ranker.signals).
    known = matrix[:, FEATURES.index("image_vector.known")] > 0
    relative = FEATURES.index("image_vector.relative")
    if known.any():
        row[relative] = matrix[known, relative].astype(np.float64).mean()
    return row


def of_first_stage(candidates: Sequence[Candidate], position: int) -> Explained:
    """Every set of the item's signals through the first stage, over the whole window; in units of its score."""
    item = candidates[position]
    names = [name for name in (*FIRST_STAGE_WEIGHTS, *NUDGES) if name in item.signals]

    def score(chosen: NDArray[np.bool_]) -> float:
        signals = {name: item.signals[name] for name, there in zip(names, chosen, strict=True) if there}
        window = [*candidates[:position], Candidate(item.id, item.text, signals), *candidates[position + 1 :]]
        return next(one.score for one in first_stage(window).items if one.position == position)

    base, found = exact(len(names), lambda sets: np.array([score(chosen) for chosen in sets]))
    parts = largest_first(dict(zip(names, map(float, found), strict=True)))
    return Explained(item.id, SHARE, base, parts, base + math.fsum(parts.values()), False)


def logit(chance: float) -> float:
    """A chance in logits."""
    return math.log(chance) - math.log1p(-chance)


def largest_first(parts: Mapping[str, float]) -> dict[str, float]:
    """Contributions in the order of their size, without those that are nothing."""
    return dict(sorted(((n, p) for n, p in parts.items() if p != 0.0), key=lambda part: (-abs(part[1]), part[0])))
