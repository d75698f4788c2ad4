"""JSON as a catalogue may write it: no NaN, no key twice, no bottomless nesting, no half characters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 20
"""Levels of nesting; the engine's own default limit for an object."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NotStrict(ValueError):
    """The text is not JSON, or JSON that two readers could understand differently.

    Attributes:
        field: the key at fault, when one is known.
    """

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise NotStrict("the key stands twice in one object; leave one", safe_name(key))
            seen.add(key)
    return result


def _constant(name: str) -> Any:
    raise NotStrict(f"{name} is not a JSON number; leave the field out or write null")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotStrict("a number is too large to be held; write a finite one")
    return number


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_finite)


def loads(text: str) -> Any:
    """Parse one JSON value.

    Raises:
        NotStrict: with a reason that repeats nothing of the text.
    """
    try:
        return _decoder.decode(text)
    except NotStrict:
        raise
    except json.JSONDecodeError as error:
        raise NotStrict(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise NotStrict(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        # Python refuses to read integers of more than some thousand digits.
        raise NotStrict("a number has too many digits") from None


def dumps(value: Any) -> str:
    """Write one value as one line that any JSON reader takes; half characters stay escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, separators=(",", ":")) if _SURROGATE.search(text) else text


def safe_name(name: str) -> str:
    """A field's name as it may stand in a report: short, printable, encodable."""
    shown = "".join(c if c.isprintable() else "?" for c in name[:80])
    return shown.encode("utf-8", "replace").decode("utf-8") or "(empty)"
