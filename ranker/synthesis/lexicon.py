"""Words that tell parts of a product's title apart. English, as the heuristics are; a catalogue in another language is
read by its structured fields alone."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHUNK_END = re.compile(
    r"[,;:|()\[\]{}/•·–—!?]| - |\. |\b(?:for|with|without|in|by|from|of|and|or|to|that|made|compatible|fits|w)\b"
)
"""Where a noun phrase of a title ends: its last word is the head."""

STOP = _words(
    "a an the and or of for with without in on at by to from as is are be it its this that these those you your our we "
    "all any no not new best great good perfect ideal premium high quality top more most very use used using made make "
    "will can up out off per each other also than then so if when while into over under about only just one two three "
    "pack set piece count ct pc pcs lot kit bundle size style color colour edition version series model type item "
    "product brand free plus pro ultra super mini max inch inches in ft oz ml cm mm lb lbs kg gb tb design designed "
    "feature include included includes including"
)

SIZES = _words("small medium large xl xxl xxxl xs twin full queen king single double regular petite plus")

AUDIENCES = _words("men women man woman boy girl kid child children baby toddler adult unisex teen infant")

COLOURS = _words(
    "black white red blue green yellow orange purple pink brown grey gray beige gold silver navy teal turquoise ivory "
    "cream tan khaki maroon burgundy multicolor multicolour clear transparent rose charcoal"
)

UNIT = re.compile(
    r"\b(\d+(?:\.\d+)?)[\s-]?(inch(?:es)?|in|cm|mm|oz|ounces?|ml|liters?|litres?|gb|tb|lbs?|pounds?|kg|ft|feet|pack|"
    r"count|ct|pieces?|quarts?|gallons?|watts?|mah)\b"
)

USE = re.compile(
    r"\b(?:ideal|perfect|great|designed|suitable|good|best|made)\s+for\s+"
    r"(?:your\s+|the\s+|any\s+|all\s+)?([a-z][a-z' -]{2,30})"
)
"""What a description says that a product is for."""
