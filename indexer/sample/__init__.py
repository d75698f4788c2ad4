"""A sample shop: products, pictures, queries and judgments, all made from a seed."""

from .catalogue import FEATURES, generate, product
from .facts import Facts, facts

__all__ = ["FEATURES", "Facts", "facts", "generate", "product"]
