"""What goes to OpenSearch and comes from there has the values that the standard library would give it."""

from __future__ import annotations

import json
import math
import uuid
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy.exceptions import SerializationError

from plugin.wire import Json

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_document_goes_there_and_back_unchanged(value):
    assert json.loads(Json().dumps({"v": value})) == {"v": value}
    assert Json().loads(json.dumps({"v": value})) == {"v": value}


def test_what_json_has_no_name_for_is_written_as_the_client_writes_it():
    values = {"id": uuid.UUID(int=7), "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "n": np.float32(0.5)}
    written = json.loads(Json().dumps({**values, "v": np.array([1.5, 2.5])}))
    assert written["id"] == str(values["id"])
    assert datetime.fromisoformat(written["at"]) == values["at"]
    assert (written["n"], written["v"]) == (0.5, [1.5, 2.5])
    assert Json().dumps("text") == "text"
    assert Json().dumps(b"lines") == b"lines"


def test_a_lone_surrogate_comes_and_goes_as_with_the_standard_library():
    assert Json().loads('{"a": "\\ud800"}') == {"a": "\ud800"}
    assert Json().dumps({"a": "\ud800"}) == '{"a":"\ud800"}'


def test_what_is_no_json_and_no_value_is_refused_as_before():
    with pytest.raises(SerializationError):
        Json().loads("<html>")
    with pytest.raises(SerializationError):
        Json().dumps({"a": object()})
    assert math.isnan(Json().loads("NaN"))
