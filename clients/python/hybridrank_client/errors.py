"""What can go wrong, as one tree.

::

    HybridrankError
    ├── Unreachable         nobody answered
    │   └── TimedOut        not in time
    ├── Unreadable          what came back is no answer of hybridrank
    ├── Refused             4xx: the request is at fault
    │   ├── Invalid         400, 413, 422: a field is
    │   ├── Forbidden       401, 403, 421: the key or the person token is
    │   └── NotFound        404: no such catalogue or thing
    └── Unavailable         5xx: the service cannot answer now
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class FieldError:
    """One field that the service did not take, and why."""

    field: str
    reason: str


class HybridrankError(Exception):
    """Anything that this package raises."""


class Unreachable(HybridrankError):
    """Nobody answered; the cause is httpx's error."""


class TimedOut(Unreachable):
    """The answer did not come in time."""


class Unreadable(HybridrankError):
    """What came back is no answer of hybridrank: probably another server stands at that address."""


class Problem(HybridrankError):
    """A problem answer (RFC 9457).

    Attributes:
        status: of HTTP.
        kind: a stable short name, such as ``unknown-catalogue``.
        detail: a sentence for a person.
        errors: the fields at fault.
        retry_after_s: after how many seconds to try again, where the service says so.
    """

    def __init__(
        self, status: int, kind: str, detail: str, errors: tuple[FieldError, ...], retry_after_s: float | None
    ) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s


class Refused(Problem):
    """The request is at fault."""


class Invalid(Refused):
    """A field of the request is; ``errors`` names it."""


class Forbidden(Refused):
    """The key or the person token is missing, wrong, or may not do this."""


class NotFound(Refused):
    """There is no such catalogue or thing."""


class Unavailable(Problem):
    """The service cannot answer now."""


_KINDS: dict[int, type[Problem]] = {400: Invalid, 413: Invalid, 422: Invalid, 401: Forbidden, 403: Forbidden}
_KINDS |= {421: Forbidden, 404: NotFound}


def of_response(response: httpx.Response) -> Problem:
    """The error that a response with status 400 or more is."""
    try:
        told: Any = response.json()
    except ValueError:
        told = None
    body = told if isinstance(told, dict) else {}
    kind = str(body.get("type", "")).rpartition(":")[2] or "unknown"
    detail = str(body.get("detail") or response.reason_phrase)
    errors = tuple(FieldError(str(e.get("field", "")), str(e.get("reason", ""))) for e in body.get("errors", ()))
    after = response.headers.get("Retry-After", "")
    retry_after_s = float(after) if after.isdigit() else None
    default = Unavailable if response.status_code >= 500 else Refused
    return _KINDS.get(response.status_code, default)(response.status_code, kind, detail, errors, retry_after_s)
