"""Training, validation and test: no query is on two sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ..errors import TrainingDataError
from ..windows import Window


@dataclass(frozen=True, slots=True)
class Split:
    """Windows by what they are for."""

    training: list[Window]
    validation: list[Window]
    test: list[Window]

    def everything(self) -> list[Window]:
        """The windows of all parts."""
        return [*self.training, *self.validation, *self.test]

    def counts(self) -> dict[str, int]:
        """How many windows each part has."""
        return {name: len(getattr(self, name)) for name in ("training", "validation", "test")}


def text_of(window: Window) -> str:
    """A query's text as splits compare it: case and spaces do not make another query."""
    return " ".join(window.query.lower().split())


def fold_of(window: Window, folds: int) -> int:
    """Which of ``folds`` parts a query belongs to: by its text, so one query is never on two sides."""
    return int.from_bytes(hashlib.sha256(text_of(window).encode()).digest()[:8], "big") % folds


def split(windows: Sequence[Window], *, validation: float, test: float) -> Split:
    """Divide by the text of the query; the test part does not depend on how large the validation part is.

    Args:
        validation, test: shares of the queries, about.
    """
    parts = Split([], [], [])
    folds = max(round(1 / validation), 2) if validation > 0 else 0
    for window in windows:
        drawn = hashlib.sha256(b"test " + text_of(window).encode()).digest()[:8]
        if int.from_bytes(drawn, "big") < test * 2**64:
            parts.test.append(window)
        elif folds and fold_of(window, folds) == 0:
            parts.validation.append(window)
        else:
            parts.training.append(window)
    return parts


def check_apart(parts: Split) -> None:
    """Refuse a query in two parts.

    Raises:
        TrainingDataError: names the query and the parts.
    """
    named = {name: {text_of(window): window for window in getattr(parts, name)} for name in parts.counts()}
    for (one, first), (two, second) in combinations(named.items(), 2):
        for text in first.keys() & second.keys():
            raise TrainingDataError(f"query: {first[text].query!r} is in {one} and in {two}; a query may be in one")
