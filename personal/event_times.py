"""Timestamps as the wild writes them, to one form."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from .errors import EventRejected

EARLIEST_MS = 946_684_800_000
"""2000-01-01; anything before is a broken clock."""
DAY_S = 86_400
FUTURE_SKEW_MS = 5 * 60 * 1000
"""How far a client's clock may be ahead."""
_SECONDS_BELOW = 100_000_000_000
"""A number below it counts seconds (as milliseconds it would be before 1973), above it milliseconds."""
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")


def milliseconds(value: object, now_ms: int) -> int:
    """Read a timestamp.

    Args:
        value: epoch milliseconds or seconds as a number or as text, or ISO 8601; without an offset it is UTC.
        now_ms: the time of now.

    Returns:
        Epoch milliseconds.

    Raises:
        EventRejected: of another form, before 2000, or more than five minutes in the future.
    """
    found = _read(value)
    if found < EARLIEST_MS:
        raise EventRejected("timestamp", "before the year 2000")
    if found > now_ms + FUTURE_SKEW_MS:
        raise EventRejected("timestamp", "in the future by more than five minutes")
    return found


def strict_date_time(ms: int) -> str:
    """Epoch milliseconds as the engine's ``strict_date_time``, in UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def now_ms() -> int:
    """The time of now in epoch milliseconds."""
    return int(datetime.now(UTC).timestamp() * 1000)


def _read(value: object) -> int:
    if value is None:
        raise EventRejected("timestamp", "missing")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(float(value)) if isinstance(value, float) else _number(value)
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return _number(float(text)) if "." in text else _number(int(text))
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise EventRejected("timestamp", "neither ISO 8601 nor a number of epoch milliseconds or seconds") from None
        try:
            return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
        except OverflowError:
            raise EventRejected("timestamp", "out of range") from None
    raise EventRejected("timestamp", "expected ISO 8601 text or a number of epoch milliseconds or seconds")


def _number(value: int | float) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise EventRejected("timestamp", "not a finite number")
    if abs(value) > 10**17:
        raise EventRejected("timestamp", "out of range")
    return round(value * 1000) if abs(value) < _SECONDS_BELOW else round(value)
