"""Mutations: of JSON values, of bytes, of addresses and of headers; all chance comes from the generator given."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "\x1f",
    "\u202e\u200d\ufeff",
    "\ud800",
    "a\udfffb",
    "İıßﬁ",
    "🏳️‍🌈" * 3,
    "e\u0301" * 200,
    "x" * 1001,
    "x" * 70_000,
    "*",
    "_all",
    "../../etc/passwd",
    "-1",
    "NaN",
    "true",
    "null",
    "1e400",
    '{"match_all":{}}',
    '"; DROP',
    "a:b:c",
    "price:asc",
    "%s%n{0}${jndi:ldap://x}",
    "data:image/png;base64,AAAA",
    "AND OR NOT ( ~ ^ \\",
    "9" * 400,
    "2026-13-45T99:99:99Z",
)
NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**40,
    0.5,
    -0.0,
    1e308,
    5e-324,
    float("nan"),
    float("inf"),
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": 1}}}, [{}] * 50)
HEADERS: tuple[str, ...] = (
    "X-Hybridrank-Session",
    "X-Hybridrank-Person",
    "Authorization",
    "Cookie",
    "Content-Type",
    "Accept",
    "Accept-Language",
    "Accept-Encoding",
    "Content-Encoding",
    "Sec-Fetch-Site",
    "Last-Event-ID",
    "If-None-Match",
    "If-Modified-Since",
    "Range",
    "X-Forwarded-For",
)
HEADER_VALUES: tuple[str, ...] = (
    "",
    "a.b.c",
    "e30.e30.",
    "eyJhbGciOiJub25lIn0.e30.",
    "Bearer",
    "Bearer " + "x" * 4000,
    "hybridrank_person=a.b.c; hybridrank_session=12345678",
    "hybridrank_session=\xff\xfe",
    "text/xml; charset=utf-7",
    "application/json; charset=utf-16",
    "multipart/form-data; boundary=",
    "gzip",
    "zz-ZZ;q=2, *;q=-1",
    "bytes=9-1,0-0,-5",
    "cross-site",
    "\xe9" * 200,
    "-" * 128,
    "x" * 129,
)


def odd_text(rng: random.Random) -> str:
    """A text that parsers stumble over, or random characters of all planes."""
    if rng.random() < 0.7:
        return rng.choice(TEXTS)
    return "".join(
        chr(rng.choice((rng.randrange(128), rng.randrange(0x3000), rng.randrange(0x110000)))) for _ in "x" * 12
    )


def odd_value(rng: random.Random) -> Any:
    """A JSON value of any kind."""
    kind = rng.random()
    if kind < 0.45:
        return odd_text(rng)
    if kind < 0.75:
        return rng.choice(NUMBERS)
    return copy.deepcopy(rng.choice(OTHERS))


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += [(value, key), *_nodes(inner)]
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += [(value, place), *_nodes(inner)]
    return found


def odd_json(rng: random.Random, whole: Any, times: int = 1) -> Any:
    """A copy of a JSON value with some of its parts exchanged, dropped, added, repeated or wrapped."""
    value = copy.deepcopy(whole)
    for _ in range(times):
        nodes = _nodes(value)
        if not nodes or rng.random() < 0.03:
            return odd_value(rng)
        container, key = rng.choice(nodes)
        how = rng.randrange(7)
        if how < 3:
            container[key] = odd_value(rng)
        elif how == 3:
            del container[key]
        elif how == 4 and isinstance(container, dict):
            container[odd_text(rng)] = odd_value(rng)
        elif how == 4:
            container += [copy.deepcopy(container[key])] * rng.choice((1, 40))
        elif how == 5:
            container[key] = rng.choice(([container[key]], {"value": container[key]}, {odd_text(rng): container[key]}))
        else:
            inner = container[key]
            for _ in range(rng.choice((3, 70))):
                inner = [inner]
            container[key] = inner
    return value


def encoded(value: Any) -> bytes:
    """JSON as UTF-8; what is no text or no number in JSON is written all the same, for a parser has to refuse it."""
    return json.dumps(value).encode()


def _cut(rng: random.Random, raw: bytearray, place: int) -> None:
    del raw[place:]


def _dropped(rng: random.Random, raw: bytearray, place: int) -> None:
    del raw[place : place + rng.randrange(1, 9)]


def _flipped(rng: random.Random, raw: bytearray, place: int) -> None:
    if raw:
        raw[min(place, len(raw) - 1)] ^= 1 << rng.randrange(8)


def _inserted(rng: random.Random, raw: bytearray, place: int) -> None:
    raw[place:place] = rng.choice(
        (b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"\\", b"{", b"]", b"\t", b"\n", b"\\u12", b"1e999")
    )


def _doubled(rng: random.Random, raw: bytearray, place: int) -> None:
    raw[place:place] = raw[: rng.randrange(1, 200)]


BYTES: Sequence[Callable[[random.Random, bytearray, int], None]] = (_cut, _dropped, _flipped, _inserted, _doubled)


def odd_bytes(rng: random.Random, whole: bytes, times: int = 1) -> bytes:
    """Bytes cut, dropped, flipped, inserted or doubled somewhere."""
    raw = bytearray(whole)
    for _ in range(times):
        rng.choice(BYTES)(rng, raw, rng.randrange(len(raw) + 1))
    return bytes(raw)


def odd_query(rng: random.Random, whole: dict[str, Any]) -> str:
    """A query string with odd, missing, repeated or unknown parameters, some of them badly encoded."""
    pairs = [(name, str(value)) for name, value in whole.items()]
    for _ in range(rng.choice((1, 1, 2))):
        how = rng.randrange(4)
        if how == 0 or not pairs:
            pairs.append((rng.choice(("nobody_has_this", "index", odd_text(rng)[:500])), odd_text(rng)[:3000]))
        elif how == 1:
            pairs.pop(rng.randrange(len(pairs)))
        else:
            place = rng.randrange(len(pairs))
            odd = odd_text(rng)[:6000] if rng.random() < 0.6 else str(rng.choice(NUMBERS))
            pairs[place] = (pairs[place][0], odd)
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    if rng.random() < 0.2:
        text += rng.choice(("&%", "&%zz=%f", "&=", "&&&", "&q=%ff%fe", "&q=%ed%a0%80", ";a=1", "&size"))
    return text


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def odd_headers(rng: random.Random) -> dict[str, str]:
    """One or two headers with values that nobody should send."""
    return {rng.choice(HEADERS): rng.choice(HEADER_VALUES) for _ in range(rng.choice((1, 2)))}
