"""Pages that two rankings filled before live shoppers, and their clicks: read from the logs, kept nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from opensearchpy import helpers

from plugin.client import Engine
from plugin.names import UBI_EVENTS, UBI_QUERIES
from ranker.interleave import Page, Team

from .duels import Shown
from .observations import person_of
from .searchlog import clicks_on

ATTRIBUTE = "experiment"
"""Of ``query_attributes``: the name of the experiment that a logged query was part of."""
_BATCH = 500


def pages_of(engine: Engine, catalogue: str, name: str) -> Iterator[Shown]:
    """Every page of an experiment with the clicks that name its ``query_id``, in no order.

    What merchandising put at its place is nobody's and is left out, and so is a click on what no ranking put there.

    Args:
        engine: the cluster.
        catalogue: the alias.
        name: of the experiment.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    for index in (UBI_QUERIES, UBI_EVENTS):
        engine.request("POST", f"/{index}/_refresh")
    terms = {"application": catalogue, f"query_attributes.{ATTRIBUTE}": name}
    body = {
        "query": {"bool": {"filter": [{"term": {field: value}} for field, value in terms.items()]}},
        "_source": ["query_id", "client_id", "session_id", "hybridrank.ids", "hybridrank.teams"],
    }
    with engine.mapped_errors():
        found = (hit["_source"] for hit in helpers.scan(engine.client, index=UBI_QUERIES, query=body))
        while batch := list(islice(found, _BATCH)):
            clicked = clicks_on(engine, catalogue, [query["query_id"] for query in batch])
            for query in batch:
                yield Shown(person_of(query), _page(query["hybridrank"]), clicked.get(query["query_id"], frozenset()))


def _page(own: dict[str, Any]) -> Page:
    placed: list[tuple[str, Team]] = []
    for item, team in zip(own["ids"], own["teams"], strict=False):
        if team in ("a", "b"):
            placed.append((item, team))
    return Page(tuple(item for item, _ in placed), tuple(team for _, team in placed))
