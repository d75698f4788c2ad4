"""Queries and graded pseudo-judgments from a catalogue's own text, so that a shop without judgments can be learned."""

from .queries import Query, synthesise

__all__ = ["Query", "synthesise"]
