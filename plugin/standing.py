"""What a document says about how a product stands: its price, how popular it is, how new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEST_RATING = 5.0
USUAL_RATING, USUAL_WEIGHT = 4.0, 5.0
"""Where a product's mean rating is drawn to, and by how many ratings: three ratings prove little."""
DATES = ("release_date", "released", "published", "date_added", "added", "created_at", "date")
"""Attributes that are read as the day from which a product is new, the first that is there."""
RECENCY_HALF_LIFE_DAYS = 180.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a document tells, as far as it does not depend on the time.

    Attributes:
        signals: by name; what the document does not tell is missing.
        since: the day from which the product is new, where it tells one.
    """

    signals: Mapping[str, float]
    since: datetime | None

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> Standing:
        """Read a product as the engine keeps it."""
        signals: dict[str, float] = {}
        price, count, rating = (_number(source.get(name)) for name in ("price", "rating_count", "rating"))
        if price is not None and price > 0:
            signals["price"] = price
        if count is not None and count >= 0:
            known = USUAL_RATING if rating is None else min(max(rating, 0.0), BEST_RATING)
            smoothed = (known * count + USUAL_RATING * USUAL_WEIGHT) / (count + USUAL_WEIGHT)
            signals["popularity"] = math.log1p(count) * smoothed / BEST_RATING
        return cls(signals, _date(source.get("attributes")))

    def at(self, now: datetime) -> dict[str, float]:
        """The signals at an aware time.

        Returns:
            ``price`` as it is, ``popularity`` = log(1 + ratings) times the smoothed mean rating over the best,
            ``recency`` = 2^(-age / half-life), 1 for what is still to come.
        """
        if self.since is None:
            return dict(self.signals)
        age = (now - self.since).total_seconds() / 86_400
        return {**self.signals, "recency": 2.0 ** (-max(age, 0.0) / RECENCY_HALF_LIFE_DAYS)}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _date(attributes: Any) -> datetime | None:
    """The first attribute of :data:`DATES` that is an ISO 8601 date or time; UTC where it names no zone."""
    if not isinstance(attributes, Mapping):
        return None
    for name in DATES:
        value = attributes.get(name)
        if not isinstance(value, str):
            continue
        try:
            read = datetime.fromisoformat(value.strip())
        except ValueError:
            continue
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    return None
