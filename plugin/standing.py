"""What a document says about how a product stands: its price, how popular it is, how new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

BEST_RATING = 5.0
USUAL_RATING, USUAL_WEIGHT = 4.0, 5.0
"""Where a product's mean rating is drawn to, and by how many ratings: three ratings prove little."""
DATES = ("release_date", "released", "published", "date_added", "added", "created_at", "date")
"""Attributes that are read as the day from which a product is new, the first that is there."""
RECENCY_HALF_LIFE_DAYS = 180.0


def standing(source: Mapping[str, Any], now: datetime | None = None) -> dict[str, float]:
    """Signals that come from the document alone.

    Args:
        source: a product as the engine keeps it.
        now: an aware time; ``None`` is this moment.

    Returns:
        ``price`` as it is, ``popularity`` = log(1 + ratings) times the smoothed mean rating over the best,
        ``recency`` = 2^(-age / half-life), 1 for what is still to come. What the document does not tell is missing.
    """
    signals: dict[str, float] = {}
    price, count, rating = (_number(source.get(name)) for name in ("price", "rating_count", "rating"))
    if price is not None and price > 0:
        signals["price"] = price
    if count is not None and count >= 0:
        known = USUAL_RATING if rating is None else min(max(rating, 0.0), BEST_RATING)
        smoothed = (known * count + USUAL_RATING * USUAL_WEIGHT) / (count + USUAL_WEIGHT)
        signals["popularity"] = math.log1p(count) * smoothed / BEST_RATING
    since = _date(source.get("attributes"))
    if since is not None:
        age = ((now or datetime.now(UTC)) - since).total_seconds() / 86_400
        signals["recency"] = 2.0 ** (-max(age, 0.0) / RECENCY_HALF_LIFE_DAYS)
    return signals


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
