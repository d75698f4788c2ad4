"""The form of a product in the engine, and the one text that stands for it.

A document is the catalogue's product as it was read, with ``text_vector``, ``image_vector`` and ``hybridrank.*``
beside it. Its id is the product's id. The mapping is strict: a top-level field that is not in
``resources/component_templates/hybridrank-catalogue.json`` is refused by the engine, not kept unsearchable; what a
catalogue has beyond these fields belongs in ``attributes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

TEXT_VECTOR = "text_vector"
IMAGE_VECTOR = "image_vector"
OWN = "hybridrank"
SOURCE_SHA = "source_sha"
TEXT_SHA = "text_sha"
IMAGE_SHA = "image_sha"
"""Of the pictures and clips that ``image_vector`` stands for; absent where not all of them could be read."""
MOMENTS = "moments"
"""The frames of the clips, each with its second: see ``indexer.picturing.packed``."""
PENDING = "pending"
"""Why a document that was written without a vector has none yet."""
VECTORS = (TEXT_VECTOR, IMAGE_VECTOR)
NOT_IN_ANSWERS = (*VECTORS, OWN)
"""What an answer's ``source`` leaves out."""

CATALOGUE_FIELDS = (
    "id",
    "title",
    "description",
    "brand",
    "color",
    "category",
    "price",
    "in_stock",
    "rating",
    "rating_count",
    "image",
    "video",
    "attributes",
)
"""Fields of a product that the mapping knows; all others go to ``attributes``."""

PASSAGE_CHARS = 2000
DEFAULT_IMAGE_DIMENSION = 512
MAX_DIMENSION = 16_000

FieldKind = Literal["keyword", "number", "integer", "boolean"]

FILTERS: Mapping[str, tuple[str, FieldKind]] = {
    "id": ("id", "keyword"),
    "brand": ("brand.keyword", "keyword"),
    "color": ("color.keyword", "keyword"),
    "category": ("category.keyword", "keyword"),
    "price": ("price", "number"),
    "in_stock": ("in_stock", "boolean"),
    "rating": ("rating", "number"),
    "rating_count": ("rating_count", "integer"),
}
"""What can be filtered, by its name in a request: (field of the index, kind of value)."""

ATTRIBUTE_PREFIX = "attributes."
_LEVELS = re.compile(r">| [/|›»] ")
"""Between the names of a category path that is written as one text. A slash within a name has no spaces about it."""


def passage(source: Mapping[str, Any]) -> str:
    """The text of a product: what the encoder encodes and what the cross-encoder reads, in training and serving.

    Title, brand, colour and the end of the category's path come first, for readers cut long texts; the description
    follows. A brand or colour that the title says already is not repeated.

    Args:
        source: a product in the catalogue's form; missing and ``None`` fields are left out.

    Returns:
        One line of at most :data:`PASSAGE_CHARS` characters; empty when there is no text.
    """
    title = _line(source.get("title"))
    parts = [title]
    said = title.casefold()
    for name in ("brand", "color"):
        value = ", ".join(_strings(source.get(name)))
        if value and value.casefold() not in said:
            parts.append(value)
    category = _leaves(_strings(source.get("category")))
    if category:
        parts.append(category)
    head = " | ".join(part for part in parts if part)
    description = _line(source.get("description"))
    text = f"{head}. {description}" if head and description else head or description
    return text[:PASSAGE_CHARS].rstrip()


def vector_mapping(dimension: int) -> dict[str, Any]:
    """The mapping of a vector field.

    Args:
        dimension: length of the vectors.

    Returns:
        A ``knn_vector`` under cosine, in Lucene's HNSW graph, which needs no native library and filters while it
        walks. A vector of zeros has no cosine and is refused by the engine.
    """
    if not 1 <= dimension <= MAX_DIMENSION:
        raise ValueError(f"dimension: {dimension} is not in 1..{MAX_DIMENSION}")
    return {
        "type": "knn_vector",
        "dimension": dimension,
        "method": {
            "name": "hnsw",
            "engine": "lucene",
            "space_type": "cosinesimil",
            "parameters": {"m": 16, "ef_construction": 128},
        },
    }


def category_path(source: Mapping[str, Any]) -> list[str]:
    """The names of a product's category, widest first; ``category`` may be a list or one 'a > b' or 'a / b' string."""
    return _names(_strings(source.get("category")))


def _names(path: list[str]) -> list[str]:
    return [name.strip() for entry in path for name in _LEVELS.split(entry) if name.strip()]


def _leaves(path: list[str]) -> str:
    """The two most special names of a category path, most special first; a path may be a list or one 'a > b' string."""
    return ", ".join(dict.fromkeys(reversed(_names(path)[-2:])))


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    values: Iterable[Any] = value if isinstance(value, (list, tuple)) else [value]
    return [text for text in (_line(item) for item in values) if text]


def _line(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())
