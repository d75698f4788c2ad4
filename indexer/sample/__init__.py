"""A sample shop: products, pictures, queries and judgments, all made from a seed."""

from .catalogue import FEATURES, generate, leaf, product
from .facts import Facts, facts
from .intents import Intent
from .pictures import draw, write_images
from .queries import Query, judgments, make_queries
from .vocabulary import vocabulary
from .writing import DEFAULT_QUERIES, write_lines, write_sample

__all__ = [
    "DEFAULT_QUERIES",
    "FEATURES",
    "Facts",
    "Intent",
    "Query",
    "draw",
    "facts",
    "generate",
    "judgments",
    "leaf",
    "make_queries",
    "phrases",
    "product",
    "write_images",
    "write_lines",
    "write_sample",
]


def phrases() -> dict[str, list[str]]:
    """How shoppers call each kind of product, by the name of its last category."""
    return {kind.names[0]: kind.search for _, kind in vocabulary().kinds.values()}
