"""Errors of the indexer's room.

::

    IndexerError
    ├── CatalogueError   a file that cannot be read as a catalogue at all (a single bad line is no error, it is
    │                    reported and dead-lettered)
    └── IndexingFailed   documents that could not be written after every retry
"""

from __future__ import annotations

from typing import ClassVar


class IndexerError(Exception):
    """Anything that stops the indexer."""

    hint: ClassVar[str] = "the same command goes on where it stopped"


class CatalogueError(IndexerError):
    """A file that is no catalogue; names the file and what was expected."""

    hint: ClassVar[str] = "docs/indexing.md has the form of a catalogue"


class IndexingFailed(IndexerError):
    """The engine took some documents only in part, after every retry; names how many and where they lie."""
