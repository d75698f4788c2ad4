"""The query log, ``ubi_queries``: what was asked, what was shown, and the order that a later page replays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from personal.event_privacy import scrubbed_text
from personal.experiments import ATTRIBUTE
from personal.visitor import NOBODY, Visitor
from plugin.client import Engine
from plugin.errors import EngineRejected
from plugin.names import UBI_QUERIES

OWN = "hybridrank"
"""Our own part of the document: kept as it is, not indexed, for the mapping of ``ubi_queries`` is not dynamic."""
DIGITS = 6
"""Decimals of a score that is answered or kept."""


@dataclass(frozen=True, slots=True)
class StoredRanking:
    """An order that was given under a ``query_id``.

    Attributes:
        asked: digest of what was asked, without page and size.
        ids: the ranked window, best first.
        scores: one score an id.
        model: who ranked.
        degraded: why it was not the model, or ``None``.
        did_you_mean: the spelling that was offered.
        pinned: products that merchandising put at their places.
        boosts: what it added to a product's score.
        experiment: the one that this order is part of, or ``None``.
        teams: of an experiment, a letter an id: ``a`` or ``b`` put it there, ``-`` nobody did.
    """

    asked: str
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    model: str
    degraded: str | None
    did_you_mean: str | None
    pinned: tuple[str, ...] = ()
    boosts: Mapping[str, float] = field(default_factory=dict)
    experiment: str | None = None
    teams: str = ""


def asked(
    index: str,
    query: str | None,
    filters: Mapping[str, Any] | None,
    sort: str | None,
    owner: str | None = None,
    *,
    image: str | None = None,
) -> str:
    """A digest of what makes two requests the same question, whatever page they ask for.

    An order that was made for somebody (``owner``) is theirs alone: the same words from another are another question.
    """
    parts = [index, query, filters or {}, sort, owner]
    if image is not None:
        parts.append(hashlib.sha256(image.encode("utf-8")).hexdigest())
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read(engine: Engine, index: str, query_id: str) -> StoredRanking | None:
    """Get an order by its id, at once and not only after a refresh; ``None`` where there is none."""
    try:
        answer = engine.request("GET", _path("_doc", index, query_id))
    except EngineRejected as error:
        if error.status == 404:
            return None
        raise
    own = answer["_source"].get(OWN)
    if own is None:
        return None
    return StoredRanking(
        own["asked"],
        tuple(own["ids"]),
        tuple(own["scores"]),
        own["model"],
        own["degraded"],
        own["did_you_mean"],
        tuple(own.get("pinned", ())),
        dict(own.get("boosts", {})),
        own.get("experiment"),
        own.get("teams", ""),
    )


def write(
    engine: Engine,
    index: str,
    query_id: str,
    *,
    query: str | None,
    shown: Sequence[str],
    ranking: StoredRanking,
    visitor: Visitor = NOBODY,
) -> None:
    """Log a query with what was shown and the whole order behind it; an id that is taken keeps its first order.

    Of the visitor only the stand-ins are written, of what is personal only the order that came of it, and of what was
    typed no address of a person or machine.

    Raises:
        EngineError: it could not be written.
    """
    document: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "application": index,
        "query_id": query_id,
        "query_response_id": query_id,
        "object_id_field": "id",
        "user_query": scrubbed_text(query or ""),
        "query_response_object_ids": list(shown),
        "query_attributes": {"model": ranking.model, "degraded": ranking.degraded or "no"},
        OWN: {
            "asked": ranking.asked,
            "ids": list(ranking.ids),
            "scores": [round(score, DIGITS) for score in ranking.scores],
            "model": ranking.model,
            "degraded": ranking.degraded,
            "did_you_mean": scrubbed_text(ranking.did_you_mean) if ranking.did_you_mean else None,
            "pinned": list(ranking.pinned),
            "boosts": dict(ranking.boosts),
        },
    }
    if ranking.experiment is not None:
        document["query_attributes"][ATTRIBUTE] = ranking.experiment
        document[OWN] |= {"experiment": ranking.experiment, "teams": ranking.teams}
    who = {"client_id": visitor.client_id, "session_id": visitor.session_id}
    document |= {name: value for name, value in who.items() if value is not None}
    try:
        engine.request("PUT", _path("_create", index, query_id), document)
    except EngineRejected as error:
        if error.status != 409:
            raise


def _path(verb: str, index: str, query_id: str) -> str:
    return f"/{UBI_QUERIES}/{verb}/{quote(f'{index}:{query_id}', safe='')}"
