"""Every error answer of the service, in one place: RFC 9457 problem details that name the field and never the data."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType

from apiflask import APIFlask, HTTPError
from flask import Response

from multimodal.errors import EncoderError
from personal.errors import (
    KeyGone,
    KeyStoreUnusable,
    KeyWornOut,
    PersonalError,
    ProfileBusy,
    RegisterUnusable,
    SealBroken,
    SecretUnusable,
)
from personal.masterkeys import UnknownMasterKey
from plugin.errors import (
    EncoderMismatch,
    EngineError,
    EngineRejected,
    EngineUnavailable,
    EngineUnsupported,
    InvalidQuery,
    UnknownCatalogue,
)
from ranker.errors import RankerError

from . import metrics
from .keys import KeysError
from .strict_json import BadJson

log = logging.getLogger("hybridrank.service")

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:hybridrank:problem:"
MAX_ERRORS = 20
MAX_REASON_CHARS = 200
MAX_DETAIL_CHARS = 500
"""Both may name a field, and what callers call a field may be megabytes."""
KEPT_HEADERS = frozenset({"allow", "retry-after"})
RETRY_AFTER_S = 2
KINDS = {413: "request-entity-too-large", 414: "request-uri-too-long", 422: "invalid-request"}
SHAPES = frozenset({"documents", "texts", "candidates"})
"""Names that pydantic puts before a field to say which of several body shapes it read."""

ELSEWHERE: dict[type[Exception], tuple[int, str, str]] = {
    EncoderError: (503, "encoder-unavailable", "The encoder could not be loaded; see /readyz."),
    RankerError: (503, "model-unavailable", "The ranking model could not be loaded; see /readyz."),
    TimeoutError: (408, "request-timeout", "The body did not arrive in time."),
    UnknownMasterKey: (503, "master-key-lost", "The master key over this person's is not here; restore it."),
    SealBroken: (503, "key-unusable", "This person's key does not open: it was altered, or its master key replaced."),
    KeyGone: (409, "key-gone", "This person was erased, or took back what they shared, meanwhile; ask again."),
    KeyWornOut: (409, "key-worn-out", "This person's key may seal nothing more; erase them to begin with a new one."),
    ProfileBusy: (503, "record-busy", "Others kept writing a record of this person; ask again."),
    SecretUnusable: (503, "secret-unusable", "A secret of this service cannot be used; see the log."),
    KeyStoreUnusable: (503, "keystore-unusable", "The store of people's keys cannot be used; see the log."),
    RegisterUnusable: (503, "register-unusable", "The register of trained models cannot be used; see the log."),
    KeysError: (503, "keys-unavailable", "The file of keys cannot be read, so nobody is let in."),
}
"""Errors whose own words are not for strangers: status, kind, detail."""

ALTERNATIVES = frozenset({"str", "DocumentBody", "PinBody", "dict[str,any]", "list[any]"})
"""Names that pydantic puts into a location for the alternatives of one field."""

PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


@dataclass
class Problem(Exception):
    """An error answer.

    Attributes:
        status: the HTTP status.
        kind: a stable short name; ``urn:hybridrank:problem:KIND`` is the type that clients may compare.
        detail: one sentence for a person: what is wrong and what to do.
        errors: ``(field, reason)`` pairs, the field in dotted form.
        headers: extra headers, such as ``Retry-After``.
    """

    status: int
    kind: str
    detail: str
    errors: Sequence[tuple[str, str]] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """The problem document, as RFC 9457 names its members."""
        found: dict[str, object] = {
            "type": TYPE_PREFIX + self.kind,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": _short(self.detail, MAX_DETAIL_CHARS),
        }
        if self.errors:
            shown = [
                (_short(name, MAX_REASON_CHARS), _short(reason, MAX_REASON_CHARS))
                for name, reason in self.errors[:MAX_ERRORS]
            ]
            found["errors"] = [{"field": name, "reason": reason} for name, reason in shown]
        return found

    def text(self) -> str:
        """The document as JSON, in ASCII."""
        return json.dumps(self.body(), ensure_ascii=True)

    def response(self) -> Response:
        """The answer itself."""
        return Response(self.text(), status=self.status, headers=self.headers, content_type=MEDIA_TYPE)


def _short(text: str, most: int) -> str:
    """A text that takes at most so many characters as it is sent: in ASCII, where an accent takes six."""
    if len(text) <= most and len(json.dumps(text)) - 2 <= most:
        return text
    kept, room = [], most - len(json.dumps("…")) + 2
    for character in text[:most]:
        room -= len(json.dumps(character)) - 2
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def invalid(name: str, reason: str, *, status: int = 422) -> Problem:
    """One field of the request is not acceptable."""
    return Problem(status, "invalid-request", f"{name}: {reason}", [(name, reason)])


def of_error(error: Exception) -> Problem | None:
    """Map an error of any room to its answer; ``None`` is a bug of ours and stays a 500."""
    match error:
        case Problem():
            return error
        case BadJson():
            return Problem(400, "invalid-json", str(error), [(error.field or "body", error.reason)])
        case InvalidQuery():
            return invalid(error.field, error.reason)
        case UnknownCatalogue():
            return Problem(404, "unknown-catalogue", str(error), [("index", "no such catalogue")])
        case EncoderMismatch():
            return Problem(409, "encoder-mismatch", str(error), [("index", "was written with another encoder")])
        case EngineError():
            return _of_engine(error)
    for kind, (status, name, detail) in ELSEWHERE.items():
        if isinstance(error, kind):
            retry = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, KeyStoreUnusable | ProfileBusy) else {}
            return Problem(status, name, detail, headers=retry)
    return None


def _of_engine(error: EngineError) -> Problem:
    match error:
        case EngineUnavailable():
            retry = {"Retry-After": str(RETRY_AFTER_S)}
            return Problem(503, "engine-unavailable", "OpenSearch does not answer; try again.", headers=retry)
        case EngineUnsupported():
            return Problem(503, "engine-unsupported", str(error))
        case EngineRejected():
            return Problem(502, "engine-rejected", f"OpenSearch refused the request with status {error.status}.")
        case _:
            return Problem(502, "engine-error", "OpenSearch gave an answer that could not be used.")


def kind_of(status: int) -> str:
    """The kind of a problem that a status alone tells."""
    # The phrases of some are others in other versions of Python; a kind is not.
    return KINDS.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")


def of_http(error: HTTPError) -> Problem:
    """Map what the framework refuses (validation, 404, 405, 413, 415) to a problem."""
    if error.status_code == 422 and isinstance(error.detail, dict):
        found: dict[str, str] = {}
        for fields in error.detail.values():
            for path, reasons in fields.items():
                found.setdefault(field_name(path), reasons[0])
        pairs = list(found.items())
        first = f"{pairs[0][0]}: {pairs[0][1]}" if pairs else "The request is not acceptable."
        return Problem(422, "invalid-request", first, pairs)
    phrase = HTTPStatus(error.status_code).phrase
    kind = kind_of(error.status_code)
    names = {413: "The body is larger than this service takes (setting HYBRIDRANK_MAX_BODY_BYTES)."}
    kept = {name: str(value) for name, value in dict(error.headers).items() if name.lower() in KEPT_HEADERS}
    detail = names.get(error.status_code, f"{phrase}.")
    errors = [("body", "too large")] if error.status_code == 413 else []
    return Problem(error.status_code, kind, detail, errors, kept)


def field_name(path: str) -> str:
    """Turn pydantic's location into the name that the caller wrote."""
    if path == "_schema":
        return "body"
    parts = path.split(".")
    if parts[0] in SHAPES and len(parts) > 1 and not parts[1].isdigit():
        parts = parts[1:]
    return ".".join(part for part in parts if part not in ALTERNATIVES) or "body"


def install(app: APIFlask) -> None:
    """Make every error of the application a problem."""

    @app.error_processor
    def framework(error: HTTPError) -> Response:
        return of_http(error).response()

    @app.errorhandler(Exception)
    def ours(error: Exception) -> Response:
        problem = of_error(error)
        if problem is None:
            log.error("unexpected %s", type(error).__name__, exc_info=without_message(error))
            problem = Problem(500, "internal-error", "Something went wrong here; the log says where.")
        elif isinstance(error, EngineError) and problem.status >= 500:
            metrics.ENGINE_ERRORS.labels(type(error).__name__).inc()
            log.warning("%s", type(error).__name__)
        elif isinstance(error, PersonalError) and problem.status >= 500:
            log.error("%s", error)  # whose words name files and servers, never people
        return problem.response()


def without_message(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    """The trace for a log, but not the message, which may quote what a person typed."""
    blank = Exception("message withheld")
    return type(error), blank, error.__traceback__
