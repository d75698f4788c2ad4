"""Every name that hybridrank uses in the engine, made in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import InvalidQuery

_CATALOGUE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PHYSICAL = re.compile(r"hybridrank-catalogue\.([a-z]+)\.([a-z0-9][a-z0-9_-]{0,63})\.([0-9]{6})")
_RESERVED = ("hybridrank-", "ubi_")

CATALOGUE_PREFIX = "hybridrank-catalogue."
UBI_QUERIES = "ubi_queries"
UBI_EVENTS = "ubi_events"
BEHAVIOUR = "hybridrank-behaviour"
MERCHANDISING = "hybridrank-merchandising"
PROFILES = "hybridrank-profiles"
SUGGESTIONS = "hybridrank-suggestions"
SOCIAL = "hybridrank-social"
JUDGMENTS = "hybridrank-judgments"
DUELS = "hybridrank-duels"
"""Pages that two systems filled in turn, with their clicks."""
PIPELINE_MINMAX = "hybridrank-minmax"
PIPELINE_RRF = "hybridrank-rrf"
PLUGIN = "hybridrank"
"""Our own OpenSearch plugin, and the search and ingest pipelines that run it."""
LAST_GENERATION = 999_999


def check_catalogue_name(name: str) -> str:
    """Return ``name`` when it may name a catalogue; raises :class:`~plugin.errors.InvalidQuery` for ``index``."""
    if not _CATALOGUE.fullmatch(name):
        raise InvalidQuery(
            "index", "a catalogue's name has 1 to 64 of a-z, 0-9, '_' and '-', and begins with a letter or digit"
        )
    if name.startswith(_RESERVED):
        raise InvalidQuery("index", "names that begin with 'hybridrank-' or 'ubi_' are kept for hybridrank's own state")
    return name


@dataclass(frozen=True, slots=True, order=True)
class PhysicalIndex:
    """The index behind a catalogue's alias.

    Attributes:
        catalogue: the alias.
        generation: 1 to 999,999; a rebuild makes the next one.
        language: which analysis its index template gives it.
    """

    catalogue: str
    generation: int
    language: str

    def __str__(self) -> str:
        return f"{CATALOGUE_PREFIX}{self.language}.{self.catalogue}.{self.generation:06d}"


def parse_physical(index: str) -> PhysicalIndex | None:
    """Read an index's name; ``None`` when it is not the index of a catalogue."""
    match = _PHYSICAL.fullmatch(index)
    if match is None:
        return None
    return PhysicalIndex(match[2], int(match[3]), match[1])


def generations_pattern(catalogue: str) -> str:
    """The wildcard that matches every generation of a catalogue, in every language."""
    return f"{CATALOGUE_PREFIX}*.{check_catalogue_name(catalogue)}.*"
