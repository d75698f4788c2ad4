"""Errors of the engine's room.

::

    EngineError
    ├── EngineUnavailable      no answer, refused, or not the cluster's turn (503)
    ├── EngineUnsupported      answered, but its version or its plugins do not fit
    ├── EngineRejected         the engine refused the request (4xx); carries its reason
    ├── UnknownCatalogue       no catalogue of that name is installed
    ├── EncoderMismatch        a query's encoder is not the one that the index was written with
    └── InvalidQuery           a field, filter, sort or size that the query builder refuses
    LocalNodeError             the local node could not be put together, started or stopped

A message says what is wrong and where; what to do follows after a semicolon. Where a message does not say it, ``hint``
of its class does, which the command line adds. So it is in every room.
"""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """Anything that went wrong between us and OpenSearch."""

    hint: ClassVar[str] = "see the log of OpenSearch"


class EngineUnavailable(EngineError):
    """OpenSearch does not answer; the same call may succeed later."""

    hint: ClassVar[str] = "start it with 'hybridrank engine start', or set OPENSEARCH_URL"


class EngineUnsupported(EngineError):
    """OpenSearch answers, but its version or its plugins are not what this release needs."""

    hint: ClassVar[str] = "docs/engine.md says what a cluster has to have"


class EngineRejected(EngineError):
    """OpenSearch refused the request.

    Attributes:
        status: the HTTP status that it answered with.
        reason: its own words, shortened.
    """

    hint: ClassVar[str] = "'hybridrank install' puts back what of ours is missing there"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"OpenSearch refused the request with status {status}: {reason}")
        self.status = status
        self.reason = reason


class UnknownCatalogue(EngineError):
    """No catalogue of that name exists."""

    def __init__(self, name: str) -> None:
        super().__init__(f"index: no catalogue named {name!r}; make it with: hybridrank index FILE --index {name}")
        self.name = name


class EncoderMismatch(EngineError):
    """The index's vectors and the query's come from different encoders, so their cosine means nothing."""

    hint: ClassVar[str] = "use that encoder, or index again with --rebuild"


class InvalidQuery(EngineError):
    """The query builder refuses a value.

    Attributes:
        field: which part of the request, in dotted form (``filters.price.gte``).
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class LocalNodeError(Exception):
    """The local node could not be put together, started or stopped; the message says what to do."""

    hint: ClassVar[str] = "'hybridrank engine status' says what runs; logs lie below engine/run in the home"
