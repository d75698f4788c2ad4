"""A small search by words, so that logs can be made where no engine runs."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable

from .market import Product

WORDS = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
WEIGHTS = {"title": 2.0, "category": 1.5, "brand": 1.5, "color": 1.0, "description": 0.4}


def words(text: str) -> list[str]:
    """Lower-cased words without a plural s; Chinese by character."""
    found = WORDS.findall(text.lower())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found]


class LexicalSearch:
    """Weighted tf-idf over an inverted index; ties by id."""

    def __init__(self, catalogue: Iterable[Product], size: int = 20) -> None:
        self._size = size
        self._postings: dict[str, dict[str, float]] = defaultdict(dict)
        count = 0
        for product in catalogue:
            count += 1
            for name, weight in WEIGHTS.items():
                value = product.get(name) or ""
                for word in set(words(value if isinstance(value, str) else " ".join(value))):
                    entry = self._postings[word]
                    entry[product["id"]] = entry.get(product["id"], 0.0) + weight
        self._count = count

    def __call__(self, query: str) -> list[str]:
        """Ids of the best products, best first; empty when no word is known."""
        scores = self.scores(query)
        return sorted(scores, key=lambda item: (-round(scores[item], 9), item))[: self._size]

    def scores(self, query: str) -> dict[str, float]:
        """The score of every product that has a word of the query."""
        scores: dict[str, float] = defaultdict(float)
        for word in set(words(query)):
            postings = self._postings.get(word, {})
            rarity = math.log(1 + self._count / (1 + len(postings)))
            for item, weight in postings.items():
                scores[item] += rarity * weight / (1 + weight)
        return dict(scores)
