"""The sample catalogue in the form that ``hybridrank index`` reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import books, chinese, descriptions, titles
from .dice import Dice
from .facts import Facts, facts
from .vocabulary import vocabulary

FEATURES = ("brand", "color", "category", "price", "in_stock", "material", "pattern", "style", "audience", "rating")
"""The ten features of every product, beside its id, its text and its picture."""

IN_ATTRIBUTES = FEATURES[5:]


def generate(seed: int = 7, products: int = 1000, start: int = 0) -> Iterator[dict[str, Any]]:
    """Products in the catalogue format, streamed.

    Args:
        seed: the same seed gives the same catalogue, on any machine.
        products: how many; the first n of a larger catalogue are the smaller one.
        start: the number of the first product.

    Raises:
        ValueError: when ``products`` or ``start`` is negative.
    """
    if products < 0 or start < 0:
        raise ValueError(f"products and start must be 0 or more, not {products} and {start}")
    for number in range(start, start + products):
        yield product(seed, facts(seed, number))


def product(seed: int, true: Facts) -> dict[str, Any]:
    """Put the facts of one product into words."""
    department, kind = vocabulary().kinds[true.type]
    dice = Dice(seed, "words", true.number)
    writer = chinese if true.chinese else books if department.book else None
    title = writer.title(true, dice) if writer else titles.title(true, dice)
    description = writer.description(true, dice) if writer else descriptions.description(true, dice)
    return {
        "id": true.id,
        "title": title,
        "description": description,
        "brand": true.brand,
        "color": true.colour,
        "category": [department.department, kind.group, leaf(true.type)],
        "price": round(true.price, 2),
        "in_stock": true.in_stock,
        "image": f"images/{true.id}.webp",
        "attributes": {
            "material": true.material,
            "pattern": true.pattern,
            "style": true.style,
            "audience": true.audience,
            "rating": true.rating,
        },
    }


def leaf(type_key: str) -> str:
    """The name of the last category of a type."""
    return vocabulary().kinds[type_key][1].names[0]
