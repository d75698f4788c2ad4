"""Shoppers whose true taste is known use a search that shows what is new on top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.sample import generate
from personal.clicklogs import Clicked
from personal.shoppers import LexicalSearch, Market, PositionBased, make_shoppers, simulate
from personal.shoppers.chance import Chance
from personal.shoppers.session import Need, World, attraction, need_of
from plugin.document import passage
from ranker.candidate import Candidate
from ranker.windows import Window

PLACES = 10


@dataclass(frozen=True, slots=True)
class Shop:
    """A small shop.

    Attributes:
        products: by id.
        market: as shoppers know it.
        search: the best by words.
        new: how new each product is, 0 to 1; nobody cares.
    """

    products: dict[str, dict[str, Any]]
    market: Market
    search: LexicalSearch
    new: dict[str, float]

    @classmethod
    def of(cls, count: int) -> Shop:
        """The first products of the sample."""
        products = list(generate(7, count))
        random = np.random.default_rng(3)
        new = {product["id"]: float(random.random()) for product in products}
        market = Market.of(products, 7)
        return cls({product["id"]: product for product in products}, market, LexicalSearch(products, PLACES), new)

    def logs(self, shoppers: int, days: int, decay: float) -> Iterator[dict[str, Any]]:
        """Events of shoppers who were shown the newest first, a little different each time."""
        random = np.random.default_rng(5)

        def shown(query: str) -> list[str]:
            return sorted(self.search(query), key=lambda item: -self.new[item] + 0.3 * random.standard_normal())

        people = make_shoppers(self.market, shoppers, 7, bots=0)
        records = simulate(people, shown, self.market, 7, days=days, clicks=PositionBased(decay))
        return (record.document for record in records if record.kind == "event")

    def candidates(self, query: str) -> list[Candidate]:
        """What the ranker is given."""
        scores = self.search.scores(query)
        return [
            Candidate(item, passage(self.products[item]), {"bm25": scores[item], "recency": self.new[item]})
            for item in self.search(query)
        ]

    def windows(self, clicked: Clicked) -> list[Window]:
        """Windows of graded queries."""
        made = []
        for query, grades in clicked.grades.items():
            items = tuple(self.candidates(query))
            made.append(Window(query, query, "clicks", items, tuple(grades.get(item.id) for item in items)))
        return made

    def unseen(self, known: int, more: int) -> list[tuple[Need, list[Candidate], np.ndarray]]:
        """What shoppers that are in no log look for: need, candidates, and how attractive each truly is to them."""
        world = World(self.market, self.search)
        found = []
        for shopper in make_shoppers(self.market, known + more, 7, bots=0)[known:]:
            need = need_of(world, shopper, Chance("unseen", shopper.id))
            items = self.candidates(need.text)
            if len(items) >= 3:
                truth = np.array([attraction(shopper, self.products[item.id], need.kind) for item in items])
                found.append((need, items, truth))
        return found


def gained(scores: np.ndarray, truth: np.ndarray) -> float:
    """Discounted attraction of an order, as a share of the best order's."""
    discount = 1.0 / np.log2(np.arange(2, len(truth) + 2))
    return float((truth[np.argsort(-scores, kind="stable")] * discount).sum() / (np.sort(truth)[::-1] * discount).sum())
