"""Malformed values to every parser: each is taken, or refused by the error that the parser names."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import strict_json
from tests.fuzz.parsers import Parser, fault, malformed, parsers

SHORT, LONG = 25, 2_000


@pytest.fixture(scope="module")
def of_values(tmp_path_factory: pytest.TempPathFactory) -> list[Parser]:
    """Those that take a JSON value."""
    return [one for one in parsers(tmp_path_factory.mktemp("parsers")) if isinstance(one.whole, dict)]


def check(parser: Parser, folder: Path, inputs: int, seed: int) -> None:
    rng = random.Random(seed)
    assert fault(parser, parser.whole, folder) is None, parser.name
    for _ in range(inputs):
        value = malformed(rng, parser.whole)
        found = fault(parser, value, folder)
        assert found is None, (parser.name, found, repr(value)[:500])


def test_malformed_values_are_refused_as_announced(tmp_path: Path) -> None:
    every = parsers(tmp_path)
    assert len({one.name for one in every}) == len(every) >= 24
    for parser in every:
        check(parser, tmp_path, SHORT, seed=1)


@pytest.mark.slow
def test_fifty_thousand_malformed_values_are_refused_as_announced(tmp_path: Path) -> None:
    for parser in parsers(tmp_path):
        check(parser, tmp_path, LONG, seed=2)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_any_value_is_taken_or_refused(of_values: list[Parser], value: object) -> None:
    for parser in of_values:
        assert fault(parser, value, Path()) is None, parser.name


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=300)
def test_any_bytes_are_json_or_refused(raw: bytes) -> None:
    with suppress(strict_json.BadJson):
        json.dumps(strict_json.loads(raw, max_depth=8), ensure_ascii=False).encode()
