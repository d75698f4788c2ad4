"""What the engine found, as the ranker takes it."""

from __future__ import annotations

from plugin.candidates import Hit
from ranker.candidate import Candidate


def candidate_of(hit: Hit) -> Candidate:
    """A hit with its passage, its signals and its categories, and without a vector."""
    return Candidate(hit.id, hit.text, hit.signals, categories=hit.product.categories)
