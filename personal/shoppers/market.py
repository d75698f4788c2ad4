"""What the shoppers see of a catalogue: kinds of product, what things usually cost, what is popular."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from .chance import Chance

Product = Mapping[str, Any]


def kind(product: Product) -> str:
    """The narrowest category, or an empty string."""
    return str(product["category"][-1]) if product.get("category") else ""


def department(product: Product) -> str:
    """The widest category, or an empty string."""
    return str(product["category"][0]) if product.get("category") else ""


def style(product: Product) -> str:
    """The style among the attributes, or an empty string."""
    return str((product.get("attributes") or {}).get("style") or "")


@dataclass(frozen=True, slots=True)
class Market:
    """A catalogue as shoppers know it.

    Attributes:
        products: by id.
        kinds: ids by narrowest category.
        departments: narrowest categories by widest.
        usual: the median price of a kind.
        popularity: 0 to 1 for every id; few things are popular.
        brands: the brands of each department.
        colours: all colours, sorted. ``styles`` likewise.
    """

    products: Mapping[str, Product]
    kinds: Mapping[str, tuple[str, ...]]
    departments: Mapping[str, tuple[str, ...]]
    usual: Mapping[str, float]
    popularity: Mapping[str, float]
    brands: Mapping[str, tuple[str, ...]]
    colours: tuple[str, ...]
    styles: tuple[str, ...]

    @staticmethod
    def of(catalogue: Iterable[Product], seed: int = 7) -> Market:
        """Look a catalogue over.

        Raises:
            ValueError: when there is no product with a category.
        """
        products = {str(p["id"]): p for p in catalogue if p.get("category")}
        if not products:
            raise ValueError("the catalogue has no product with a category, so there is nothing to shop for")
        kinds: dict[str, list[str]] = defaultdict(list)
        departments: dict[str, set[str]] = defaultdict(set)
        brands: dict[str, set[str]] = defaultdict(set)
        for item, product in products.items():
            kinds[kind(product)].append(item)
            departments[department(product)].add(kind(product))
            if product.get("brand"):
                brands[department(product)].add(str(product["brand"]))
        return Market(
            products=products,
            kinds={k: tuple(v) for k, v in sorted(kinds.items())},
            departments={d: tuple(sorted(v)) for d, v in sorted(departments.items())},
            usual={k: _usual(products[item] for item in v) for k, v in kinds.items()},
            popularity={item: Chance(seed, "popular", item).unit() ** 4 for item in products},
            brands={d: tuple(sorted(v)) for d, v in sorted(brands.items())},
            colours=tuple(sorted({str(p["color"]) for p in products.values() if p.get("color")})),
            styles=tuple(sorted({style(p) for p in products.values()} - {""})),
        )

    def price_level(self, product: Product) -> float | None:
        """log2 of the price against what is usual for its kind; ``None`` when the price is not known."""
        price, usual = product.get("price"), self.usual.get(kind(product), 0.0)
        return math.log2(price / usual) if price and usual else None


def _usual(products: Iterable[Product]) -> float:
    prices = [float(p["price"]) for p in products if p.get("price")]
    return float(median(prices)) if prices else 0.0
