"""JSON from strangers: depth checked on the raw bytes, no NaN, no infinity, no text that cannot be written as UTF-8."""

from __future__ import annotations

import json
import math
import re
from typing import Any

STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class BadJson(ValueError):
    """The bytes are no JSON that we accept.

    Attributes:
        field: where in the document, in dotted form; empty for the whole.
        reason: what is wrong, without the value itself.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field or 'body'}: {reason}")
        self.field = field
        self.reason = reason


def loads(raw: bytes, *, max_depth: int) -> Any:
    """Parse one JSON document.

    Raises:
        BadJson: malformed, not UTF-8, nested deeper than ``max_depth``, a number that is no finite number, a name
            given twice in one object, or text with a lone surrogate.
    """
    check_depth(raw, max_depth)
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_repeats
        )
    except UnicodeDecodeError as error:
        raise BadJson("", f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadJson("", f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except BadJson:
        raise
    except ValueError as error:  # an integer of more digits than Python converts
        raise BadJson("", "a number has too many digits") from error
    if b"\\u" in raw:
        _check_text(value, "")
    return value


def check_depth(raw: bytes, max_depth: int) -> None:
    """Refuse nesting before any parser recurses into it.

    Raises:
        BadJson: more than ``max_depth`` arrays and objects are open at once.
    """
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return
    depth = 0
    for match in STRUCTURE.finditer(raw):
        first = raw[match.start()]
        if first in b"[{":
            depth += 1
            if depth > max_depth:
                raise BadJson("", f"nested deeper than {max_depth} levels")
        elif first in b"]}":
            depth -= 1


def _no_constant(name: str) -> float:
    raise BadJson("", f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJson("", "a number is out of range")
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("", "an object gives one name twice")
    return found


def _check_text(value: Any, field: str) -> None:
    """Refuse lone surrogates, which an escape can make and UTF-8 cannot write; recursion is bounded by the depth."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadJson(field, "holds a lone surrogate, which is no text") from error
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_text(item, f"{field}.{place}" if field else str(place))
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, f"{field} (a name)" if field else "a name")
            _check_text(item, f"{field}.{name}" if field else name)
