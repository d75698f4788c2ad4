"""Whether the service can answer."""

from __future__ import annotations

from pydantic import BaseModel


class ReadyOut(BaseModel):
    """Whether a search can be answered; ``reasons`` names each part that is not well."""

    ready: bool
    reasons: dict[str, str]
