"""Bodies about what is held of somebody."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class HeldOut(BaseModel):
    """What is held about the visitor, readable; of the logs the latest 1,000 entries each."""

    tenant: str
    pseudonym: str | None = Field(None, description="What stands for the person in the logs.")
    session: str | None = Field(None, description="What stands for the visit in the logs.")
    records: list[dict[str, Any]] = Field(description="Profile and visits, decrypted, by catalogue.")
    events: list[dict[str, Any]]
    queries: list[dict[str, Any]]


class ConcernedOut(BaseModel):
    """A model that learnt from a time in which the person did something."""

    model: str
    first: str = Field(description="Its window, in UTC.")
    last: str
    due: str | None = Field(
        None, description="Until when it is to be trained anew; left out where differential privacy covers the person."
    )
    epsilon: float | None = Field(None, description="Of its receipt; left out where it has none.")
    delta: float | None = None


class ErasedOut(BaseModel):
    """What was erased, counted."""

    person: bool = Field(description="Whether there was a key; it is gone, and with it what links the rest.")
    records: int
    events: int
    queries: int
    counters: int = Field(description="Counters that were folded anew without the person.")
    models: list[ConcernedOut] = Field(description="Models that learnt from them, with what is due.")
