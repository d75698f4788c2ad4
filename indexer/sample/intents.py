"""What a shopper means by a query, and how well a product of the sample answers it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .facts import Facts
from .vocabulary import queries, vocabulary

EXACT, SUBSTITUTE, COMPLEMENT, IRRELEVANT = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Intent:
    """Kinds of product, and what they must be like. An empty set asks for nothing."""

    types: frozenset[str]
    families: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    audience: str = ""
    lowest: float = 0.0
    highest: float = float("inf")
    not_features: frozenset[str] = frozenset()
    not_materials: frozenset[str] = frozenset()
    not_families: frozenset[str] = frozenset()

    def unmet(self, facts: Facts) -> int:
        """How many of the conditions (beside the kind) the product fails. Any of several features will do."""
        own = set(facts.features)
        return sum(
            (
                bool(self.families) and facts.family not in self.families,
                bool(self.materials) and facts.material not in self.materials,
                bool(self.features) and not own & self.features,
                bool(self.patterns) and facts.pattern not in self.patterns,
                bool(self.styles) and facts.style not in self.styles,
                bool(self.brands) and facts.brand not in self.brands,
                bool(self.audience) and facts.audience not in {self.audience, "everyone"},
                not self.lowest <= facts.price <= self.highest,
                bool(own & self.not_features),
                facts.material in self.not_materials,
                facts.family in self.not_families,
            )
        )

    def grade(self, facts: Facts) -> int:
        """3: the kind and all conditions. 2: the kind, one condition missed. 1: the kind with more missed, another kind
        of the same group, or something that goes with it. 0: anything else."""
        if facts.type in self.types:
            return max(EXACT - self.unmet(facts), COMPLEMENT)
        return COMPLEMENT if facts.type in _neighbours(self.types) else IRRELEVANT


@cache
def _neighbours(types: frozenset[str]) -> frozenset[str]:
    """Types of the same group or that complement one of these."""
    return frozenset(_near(types)) - types


def _near(types: frozenset[str]) -> Iterator[str]:
    kinds = vocabulary().kinds
    for key in types:
        department, kind = kinds[key]
        yield from queries().complements.get(key, [])
        yield from (other for other, k in department.types.items() if k.group == kind.group)
