"""Pictures show what the text says."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from indexer.sample import draw, generate, write_images
from indexer.sample.pictures import SHAPES
from indexer.sample.vocabulary import vocabulary

KINDS = sorted(kind.names[0] for _, kind in vocabulary().kinds.values())
CLEAR = {"glass", "toughened glass"}


@pytest.fixture(scope="module")
def by_kind():
    found = {}
    for product in generate(7, 1500):
        found.setdefault(product["category"][-1], product)
        if opaque(product) and not opaque(found[product["category"][-1]]):
            found[product["category"][-1]] = product
    return found


def opaque(product):
    return product["attributes"]["pattern"] == "plain" and product["attributes"]["material"] not in CLEAR


def near(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def test_every_shape_is_drawn_and_used():
    assert {kind.shape for _, kind in vocabulary().kinds.values()} == set(SHAPES)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_shows_its_colour(by_kind, kind):
    product = by_kind[kind]
    image = draw(product)
    assert image.size == (320, 320)
    assert image.mode == "RGB"
    rgb = vocabulary().colours.colours[product["color"]].rgb
    small = image.resize((80, 80), Image.Resampling.BOX)
    close = sum(count for count, colour in small.getcolors(6400) if near(colour, rgb) < 75)
    assert close / 6400 > 0.035, f"{product['color']} is hardly to be seen"
    # Drawn in another colour it looks different, so the colour seen is the product's and not the decoration's.
    other = draw({**product, "color": "teal" if product["color"] != "teal" else "orange"})
    red, green, blue = ImageChops.difference(image, other).split()
    moved = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    assert sum(moved.histogram()[25:]) / 320**2 > 0.035


def test_a_pattern_is_drawn():
    shirts = [p for p in generate(7, 4000) if p["category"][-1] == "T-Shirt"]
    base = {**shirts[0], "color": "navy"}
    colours = {}
    for pattern in ("plain", "striped", "polka dot", "floral"):
        image = draw({**base, "attributes": {**base["attributes"], "pattern": pattern}})
        chest = image.crop((120, 120, 200, 200)).quantize(8).convert("RGB")
        colours[pattern] = {colour: count for count, colour in chest.getcolors()}
    assert max(colours["plain"].values()) > max(colours["striped"].values())
    assert len({tuple(sorted(c.items())) for c in colours.values()}) == 4


def test_drawing_is_deterministic(by_kind):
    product = by_kind["Sneakers"]
    assert draw(product).tobytes() == draw(product).tobytes()


def test_files_are_small_webp(tmp_path):
    products = list(generate(7, 30))
    assert write_images(products, tmp_path) == 30
    for product in products:
        data = (tmp_path / product["image"]).read_bytes()
        assert len(data) < 12_000
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("WEBP", (320, 320))


def test_a_product_of_another_catalogue_is_an_error(by_kind):
    with pytest.raises(KeyError):
        draw({**by_kind["Mug"], "category": ["Groceries"]})
