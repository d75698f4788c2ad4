"""Pages that two systems filled in turn, kept with their clicks: what :func:`ranker.interleave.judged` judges."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import DUELS
from plugin.statedocs import Write, read_many, refresh, write_many
from ranker.interleave import Page

TRIES = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that somebody saw.

    Attributes:
        person: a stand-in for who saw it.
        page: what was shown, and whose each result is.
        clicked: ids.
    """

    person: str
    page: Page
    clicked: frozenset[str]


class DuelBusy(RuntimeError):
    """A click could not be counted, for the page changed each time."""


class DuelBook:
    """The pages in the engine. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, catalogue: str, systems: tuple[str, str], person: str, page: Page, *, now_ms: int) -> str:
        """Keep a page; returns its id."""
        name = secrets.token_hex(12)
        document = {"catalogue": catalogue, "a": systems[0], "b": systems[1], "person": person, "time": now_ms}
        document |= {"items": list(page.items), "teams": list(page.teams), "clicked": []}
        write_many(self._engine, [Write(DUELS, name, document)])
        return name

    def click(self, catalogue: str, name: str, item: str) -> bool:
        """Count a click, once an item; false where there is no such page, or the item is not on it.

        Raises:
            DuelBusy: the page could not be written.
        """
        for _ in range(TRIES):
            found = read_many(self._engine, [(DUELS, name)]).get((DUELS, name))
            if found is None or found.source["catalogue"] != catalogue or item not in found.source["items"]:
                return False
            clicked = found.source["clicked"]
            if item in clicked:
                return True
            document: dict[str, Any] = {**found.source, "clicked": [*clicked, item]}
            if write_many(self._engine, [Write(DUELS, name, document, found)])[0].kind == "written":
                return True
        raise DuelBusy("the page changed each time")

    def pages(self, catalogue: str, systems: Sequence[str]) -> Iterator[Shown]:
        """Every page of two systems, in no order."""
        refresh(self._engine, DUELS)
        terms = {"catalogue": catalogue, "a": systems[0], "b": systems[1]}
        body = {"query": {"bool": {"filter": [{"term": {field: value}} for field, value in terms.items()]}}}
        with self._engine.mapped_errors():
            for hit in helpers.scan(self._engine.client, index=DUELS, query=body):
                found = hit["_source"]
                page = Page(tuple(found["items"]), tuple(found["teams"]))
                yield Shown(found["person"], page, frozenset(found["clicked"]))
