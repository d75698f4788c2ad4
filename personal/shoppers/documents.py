"""Queries and events as UBI 1.3.0 writes them, with ids that depend on the seed only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from .chance import named_id
from .market import Product
from .tastes import Shopper


class Record(NamedTuple):
    """A document for ``ubi_queries`` or ``ubi_events``."""

    kind: Literal["query", "event"]
    document: dict[str, Any]

    @property
    def timestamp(self) -> str:
        """When it happened, ISO 8601 in UTC; sorts as text."""
        return str(self.document["timestamp"])


CONVERSIONS = {"add_to_cart", "purchase", "return"}


@dataclass(slots=True)
class Writer:
    """Writes the records of one session; ``clock`` is moved by whoever acts."""

    application: str
    shopper: Shopper
    session_id: str
    clock: datetime
    written: int = 0

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock += timedelta(milliseconds=round(seconds * 1000))

    def _head(self) -> dict[str, Any]:
        stamp = self.clock.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "application": self.application,
            "session_id": self.session_id,
            "client_id": self.shopper.client_id,
            "timestamp": stamp,
        }

    def query(self, text: str, results: list[str]) -> Record:
        """A query with what it returned."""
        self.written += 1
        document = self._head() | {
            "query_id": named_id(self.session_id, "query", self.written),
            "user_query": text,
            "object_id_field": "id",
            "query_response_id": named_id(self.session_id, "response", self.written),
            "query_response_hit_ids": results,
            "query_attributes": {"size": len(results)},
        }
        return Record("query", document)

    def event(self, action: str, product: Product, *, query: Record | None, ordinal: int, **more: Any) -> Record:
        """Something done with a product: at which place of which results, or at place 1 of no results."""
        self.written += 1
        document: dict[str, Any] = self._head() | {
            "event_id": named_id(self.session_id, "event", self.written),
            "action_name": action,
            "message_type": "CONVERSION" if action in CONVERSIONS else action.upper(),
            "message": f"{action} of {product['id']} at {ordinal}",
            "event_attributes": {
                "object": {
                    "object_id": product["id"],
                    "object_id_field": "id",
                    "object_id_type": "product",
                    "name": product["title"],
                },
                "position": {"ordinal": ordinal},
                **more,
            },
        }
        if query is not None:
            document["query_id"] = query.document["query_id"]
            document["user_query"] = query.document["user_query"]
        return Record("event", document)
