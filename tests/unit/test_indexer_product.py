"""What counts as a product, and how a line that is none is reported."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import product
from indexer.product import InvalidProduct, Product, parse
from plugin.document import CATALOGUE_FIELDS

GOOD = {"id": "p1", "title": "Red shoe"}


def test_the_model_has_the_fields_of_the_mapping():
    assert set(Product.model_fields) == set(CATALOGUE_FIELDS)


def test_null_and_empty_mean_absent():
    empty = dict.fromkeys(CATALOGUE_FIELDS) | GOOD | {"brand": "", "color": " ", "category": [None, ""], "extra": None}
    assert parse(empty, "json").source() == GOOD


def test_false_and_zero_are_values():
    source = parse({**GOOD, "in_stock": False, "price": 0, "rating_count": 0, "n": 0, "flag": False}, "json").source()
    assert source == {
        **GOOD,
        "in_stock": False,
        "price": 0.0,
        "rating_count": 0,
        "attributes": {"n": 0, "flag": False},
    }


def test_unknown_fields_are_kept_as_attributes():
    source = parse({**GOOD, "attributes": {"size": "M"}, "heel": {"cm": 3}, "size": "M"}, "json").source()
    assert source["attributes"] == {"size": "M", "heel": {"cm": 3}}
    with pytest.raises(InvalidProduct) as caught:
        parse({**GOOD, "attributes": {"size": "M"}, "size": "L"}, "json")
    assert caught.value.field == "attributes.size"


def test_a_whole_number_may_be_an_id():
    assert parse({**GOOD, "id": 7}, "json").id == "7"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": True}, "id"),
        ({"id": "x" * 513}, "id"),
        ({"id": "é" * 257}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "a\ud800"}, "id"),
        ({"title": None}, "title"),
        ({"title": "   "}, "title"),
        ({"title": 5}, "title"),
        ({"title": ["a"]}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "a\udfff"}, "title"),
        ({"description": "bell \x07"}, "description"),
        ({"brand": {"name": "x"}}, "brand"),
        ({"category": 5}, "category"),
        ({"category": ["a", 5]}, "category"),
        ({"price": -0.01}, "price"),
        ({"price": float("nan")}, "price"),
        ({"price": float("inf")}, "price"),
        ({"price": 10**400}, "price"),
        ({"price": "12"}, "price"),
        ({"price": True}, "price"),
        ({"in_stock": 1}, "in_stock"),
        ({"in_stock": "yes"}, "in_stock"),
        ({"rating": "good"}, "rating"),
        ({"rating_count": 1.5}, "rating_count"),
        ({"rating_count": 2**31}, "rating_count"),
        ({"image": 3}, "image"),
        ({"image": ["a.jpg", {}]}, "image"),
        ({"attributes": ["x"]}, "attributes"),
        ({"attributes": {"a": float("nan")}}, "attributes.a"),
        ({"attributes": {"a": {"b": "\ud800"}}}, "attributes.a.b"),
        ({"unknown": {"a": ["é" * 16_000]}}, "attributes.unknown.a"),
        ({"attributes": {"": 1}}, "attributes"),
        ({"attributes": {"a..b": 1}}, "attributes"),
        ({"unknown": "\x01"}, "attributes.unknown"),
        ({"\ud800": "x"}, "attributes"),
    ],
)
def test_a_bad_field_is_named(change, field):
    with pytest.raises(InvalidProduct) as caught:
        parse({**GOOD, **change}, "json")
    assert caught.value.field == field
    assert str(caught.value)
    str(caught.value).encode()


def test_a_reason_repeats_no_value():
    with pytest.raises(InvalidProduct) as caught:
        parse({**GOOD, "price": "secret-value"}, "json")
    assert "secret" not in str(caught.value)


def test_deep_nesting_is_refused():
    value: object = 1
    for _ in range(30):
        value = {"a": value}
    with pytest.raises(InvalidProduct, match="nested deeper") as caught:
        parse({**GOOD, "deep": value}, "json")
    assert caught.value.field.startswith("attributes.deep.a.a")


def test_csv_cells_are_read_as_what_the_field_holds():
    row = {
        "id": "7",
        "title": "12",
        "price": " 3.50 ",
        "in_stock": "No",
        "category": "Shoes > Running",
        "rating_count": "12",
        "image": '["a.jpg","b.jpg"]',
        "attributes": '{"size": "M"}',
        "heel": "3",
    }
    assert parse(row, "csv").source() == {
        "id": "7",
        "title": "12",
        "price": 3.5,
        "in_stock": False,
        "category": ["Shoes", "Running"],
        "rating_count": 12,
        "image": ["a.jpg", "b.jpg"],
        "attributes": {"size": "M", "heel": "3"},
    }
    assert parse({**GOOD, "category": "a|b"}, "csv").source()["category"] == ["a", "b"]


@pytest.mark.parametrize("cell", [("price", "cheap"), ("price", "nan"), ("in_stock", "maybe"), ("attributes", "{x}")])
def test_a_bad_csv_cell_is_named(cell):
    with pytest.raises(InvalidProduct) as caught:
        parse({**GOOD, cell[0]: cell[1]}, "csv")
    assert caught.value.field == cell[0]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(CATALOGUE_FIELDS) | st.text(st.characters(), max_size=5), _json, max_size=8),
    st.sampled_from(["json", "csv", "parquet"]),
)
def test_any_row_is_a_product_or_reported(row, form):
    try:
        source = parse({**row, "title": "t"}, form).source()
    except InvalidProduct as error:
        str(error).encode()
        return
    assert source["id"]
    assert len(source["id"].encode()) <= product.MAX_ID_BYTES
    assert set(source) <= set(CATALOGUE_FIELDS)
    json.dumps(source, allow_nan=False, ensure_ascii=False).encode()
