"""Errors of the indexer's room.

::

    IndexerError
    ├── CatalogueError   a file that cannot be read as a catalogue at all (a single bad line is no error, it is
    │                    reported and dead-lettered)
    └── IndexingFailed   documents that could not be written after every retry
"""

from __future__ import annotations


class IndexerError(Exception):
    """Anything that stops the indexer."""


class CatalogueError(IndexerError):
    """A file that is no catalogue; names the file and what was expected."""


class IndexingFailed(IndexerError):
    """The engine took some documents only in part, after every retry; names how many and where they lie."""
