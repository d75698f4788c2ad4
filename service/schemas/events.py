"""Behaviour events, and what became of them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel


class EventsBody(RootModel[dict[str, Any] | list[Any]]):
    """One UBI 1.3.0 event, or a list of them. Each is judged by itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "application": "products",
                    "action_name": "click",
                    "query_id": "6610ec99-2271-4fe6-a4ca-d03546b0112d",
                    "client_id": "a9277f41-1df3-46af-9f4d-5d27a59f6223",
                    "timestamp": "2025-03-03T16:47:48.835Z",
                    "event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 2}},
                }
            ]
        }
    )


class RejectedOut(BaseModel):
    """An event that was not stored: its place in the list that was sent, from 0, and why."""

    index: int
    reason: str


class EventsOut(BaseModel):
    """``accepted`` events are stored, now or before."""

    accepted: int
    rejected: list[RejectedOut]
