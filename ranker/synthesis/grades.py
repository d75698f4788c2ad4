"""How well each product answers a query whose meaning is known, because it was made from a product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from .reading import Item, Phrase, Said

EXACT, SUBSTITUTE, COMPLEMENT, IRRELEVANT = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a query asks for.

    Attributes:
        kind: the kind of product; ``None`` where only words are given (a known item).
        wanted: properties that it should have.
        unwanted: properties that it must not have ("without").
    """

    kind: Said | None
    wanted: tuple[Said, ...] = ()
    unwanted: tuple[Said, ...] = ()

    @property
    def vocabulary(self) -> frozenset[str]:
        """All folded words of the meaning, unwanted ones among them."""
        parts = (*([self.kind] if self.kind else []), *self.wanted, *self.unwanted)
        return frozenset(word for part in parts for word in part.folded)


def grade(meaning: Meaning, item: Item) -> int:
    """Grade one product, as ESCI grades: exact, substitute, complement, irrelevant.

    Exact: the kind, with every wanted and no unwanted property. Substitute: the kind with at least half of what is
    wanted, or a product of the same head with all of it. Complement: the head with less, an unwanted property, or an
    accessory for the kind. A pseudo-judgment is only as good as the text: what a text does not say counts as not so.
    """
    has = [_has(item, phrase.folded) for phrase in meaning.wanted]
    share = sum(has) / len(has) if has else 1.0
    if meaning.kind is None:
        return EXACT if share == 1.0 else SUBSTITUTE if share >= 0.75 else COMPLEMENT if share >= 0.5 else IRRELEVANT
    kind = meaning.kind.folded
    same_head = item.head == kind[-1] or any(kind[-1] == known.folded[-1] for known in item.kinds)
    same = same_head and set(kind) <= item.title_bag
    if not same_head:
        accessory = set(kind) <= item.target_bag
        return COMPLEMENT if accessory and share > 0 else IRRELEVANT
    if any(_has(item, phrase.folded) for phrase in meaning.unwanted):
        return COMPLEMENT
    if same and share == 1.0:
        return EXACT
    if (same and share >= 0.5) or (share == 1.0 and meaning.wanted):
        return SUBSTITUTE
    return COMPLEMENT


def _has(item: Item, phrase: Phrase) -> bool:
    return set(phrase) <= item.bag


class Judge:
    """Grades the products that could matter, without reading the whole catalogue for each query.

    Args:
        most: judgments of one grade that are kept for a query.
        hard: irrelevant products that share most words with the query.
        easy: irrelevant products drawn from the whole catalogue.
    """

    def __init__(self, items: Sequence[Item], *, most: int = 40, hard: int = 20, easy: int = 5) -> None:
        self._items = items
        self._most, self._hard, self._easy = most, hard, easy
        self._rows: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(items):
            for word in item.bag:
                self._rows[word].append(row)

    def judged(self, meaning: Meaning, random: Generator) -> dict[str, int]:
        """Grades by product id: relevant ones of each grade, the hardest irrelevant ones, and some others."""
        shared: dict[int, float] = defaultdict(float)
        for word in meaning.vocabulary:
            rows = self._rows.get(word, [])
            for row in rows:
                shared[row] += 1.0 / (1.0 + len(rows)) ** 0.5
        by_grade: dict[int, list[int]] = defaultdict(list)
        for row in sorted(shared):
            by_grade[grade(meaning, self._items[row])].append(row)
        result: dict[str, int] = {}
        for value in (EXACT, SUBSTITUTE, COMPLEMENT):
            rows = by_grade[value]
            if len(rows) > self._most:
                rows = [rows[at] for at in random.choice(len(rows), self._most, replace=False)]
            result |= {self._items[row].id: value for row in rows}
        hardest = sorted(by_grade[IRRELEVANT], key=lambda row: (-shared[row], row))[: self._hard]
        others = [int(row) for row in random.integers(0, len(self._items), self._easy)]
        for row in [*hardest, *(row for row in others if row not in shared)]:
            result.setdefault(self._items[row].id, IRRELEVANT)
        return result
