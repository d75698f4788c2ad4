"""JSON from strangers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import strict_json
from service.strict_json import BadJson

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_writes_is_read_back(value):
    for ascii_only in (True, False):
        raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert strict_json.loads(raw, max_depth=64) == value


@pytest.mark.parametrize("raw", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 200_000 + b"]" * 200_000])
@pytest.mark.timeout(60)
def test_deep_nesting_is_refused_before_it_is_parsed(raw):
    with pytest.raises(BadJson, match="nested deeper than 64"):
        strict_json.loads(raw, max_depth=64)


def test_depth_counts_what_is_open_at_once_and_not_brackets_in_text():
    flat = [[] for _ in range(1000)]
    assert strict_json.loads(json.dumps(flat).encode(), max_depth=4) == flat
    text = {"a": '[[[[[[\\"{{{{' * 10}
    assert strict_json.loads(json.dumps(text).encode(), max_depth=4) == text
    assert strict_json.loads(b"[[[[1]]]]", max_depth=4) == [[[[1]]]]
    with pytest.raises(BadJson):
        strict_json.loads(b"[[[[[1]]]]]", max_depth=4)


@given(st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"\\\\", b'\\"', b"\\u005b", b"a"]), max_size=60))
def test_depth_is_that_of_reading_byte_by_byte_as_far_as_a_parser_comes(parts):
    raw, deepest, depth, inside, skip = b"".join(parts), 0, 0, False, False
    for byte in raw:
        if skip:
            skip = False
        elif inside:
            inside, skip = byte != ord('"'), byte == ord("\\")
        elif byte == ord("\\"):
            break  # no parser goes on here
        elif byte == ord('"'):
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    else:
        strict_json.check_depth(raw, max(deepest, 0))
    if deepest > 1:
        with pytest.raises(BadJson, match="nested deeper"):
            strict_json.check_depth(raw, deepest - 1)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"query": NaN}', "NaN"),
        (b'{"size": Infinity}', "Infinity"),
        (b'{"size": -Infinity}', "Infinity"),
        (b'{"size": 1e999}', "out of range"),
        (b'{"size": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"query": "a', "not JSON"),
        (b"{'query': 'a'}", "not JSON"),
        (b'{"query": "\xff"}', "not UTF-8"),
        (b'{"query": "a", "query": "b"}', "twice"),
    ],
)
def test_what_is_refused(raw, says):
    with pytest.raises(BadJson, match=says):
        strict_json.loads(raw, max_depth=64)


def test_a_lone_surrogate_is_named_by_its_field():
    with pytest.raises(BadJson) as caught:
        strict_json.loads(b'{"documents": ["fine", {"text": "\\ud83d"}]}', max_depth=64)
    assert caught.value.field == "documents.1.text"
    assert strict_json.loads(b'{"q": "\\ud83d\\ude00"}', max_depth=64) == {"q": "\U0001f600"}
