"""Drawn pictures that show what the text says: the kind of product, its colour, its pattern, its material."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from ..vocabulary import vocabulary
from . import (
    carrying,
    clothes,
    devices,
    footwear,
    furniture,
    homewear,
    kitchenware,
    lamps,
    outdoors,
    papers,
    people,
    play,
)
from .canvas import Canvas
from .registry import SHAPES
from .studio import photograph

__all__ = ["SHAPES", "draw", "write_images"]

_ROOMS = (carrying, clothes, devices, footwear, furniture, homewear, kitchenware, lamps, outdoors, papers, people, play)


@cache
def _shape_of_leaf() -> dict[str, str]:
    return {kind.names[0]: kind.shape for _, kind in vocabulary().kinds.values()}


def draw(product: Mapping[str, Any]) -> Image.Image:
    """Draw a product of the sample catalogue.

    Args:
        product: as ``indexer.sample.generate`` makes it.

    Returns:
        RGB, 320 by 320.

    Raises:
        KeyError: when the category or colour is none of the sample's.
    """
    colour = vocabulary().colours.colours[product["color"]].rgb
    attributes = product["attributes"]
    drawing, ground = SHAPES[_shape_of_leaf()[product["category"][-1]]]
    canvas = Canvas(colour, attributes["pattern"], attributes["material"])
    drawing(canvas)
    mood = sha256(product["id"].encode()).digest()[0]
    return photograph(canvas.image, colour, ground, mood)


def write_images(products: Iterable[Mapping[str, Any]], folder: Path) -> int:
    """Write a WebP file for each product to ``folder / product["image"]``; returns how many."""
    count = 0
    for product in products:
        path = folder / product["image"]
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(product).save(path, "WEBP", quality=82, method=2)
        count += 1
    return count
