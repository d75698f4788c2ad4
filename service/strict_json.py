"""JSON from strangers: depth checked on the raw bytes, no NaN, no infinity, no text that cannot be written as UTF-8."""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escape that can make a lone surrogate; without one there is none, for UTF-8 has none."""
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[]{}"))


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
    if SURROGATE.search(raw):
        _check_text(value, "")
    return value


def check_depth(raw: bytes, max_depth: int) -> None:
    """Refuse nesting before any parser recurses into it.

    Raises:
        BadJson: more than ``max_depth`` arrays and objects are open at once.
    """
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return
    # Without escaped characters every second part between quotes is a text. A backslash outside of a text may confuse
    # this, but there the parser stops.
    parts = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    structure = b"".join(parts[::2]).translate(None, _NOT_STRUCTURE)
    for depth in accumulate(1 if byte in b"[{" else -1 for byte in structure):
        if depth > max_depth:
            raise BadJson("", f"nested deeper than {max_depth} levels")


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
