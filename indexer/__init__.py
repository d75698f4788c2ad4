"""How a catalogue becomes documents in OpenSearch."""

from .indexing import run
from .summary import Progress, Summary

__all__ = ["Progress", "Summary", "run"]
