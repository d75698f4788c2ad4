"""The query builder: what it refuses, and that no text can change the shape of a body."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.errors import InvalidQuery
from plugin.facets import facet_aggregations
from plugin.filters import build_filters
from plugin.lexical import MAX_TOKENS, readable
from plugin.query import MAX_WINDOW, SearchRequest, listing_body, window_body
from plugin.stock import stock_search

VECTOR = np.array([0.6, 0.8], dtype=np.float32)
# Text as it can arrive by UTF-8: no half surrogate pairs, and a visible character, for blank text asks nothing.
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=180).filter(lambda text: text.strip())
NASTY = [
    '"}},"query":{"match_all":{}}',
    "title:* OR _exists_:price",
    "*/{}()[]:\\ AND NOT ~2 ^9",
    "{{suggestion}}",
    '{"script": "x"}',
    "\x00\n\t",
    "<script>",
]


def with_leaves_replaced(value: Any, text: str) -> Any:
    """A body whose leaves that hold the user's text are blanked."""
    if isinstance(value, dict):
        return {key: with_leaves_replaced(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [with_leaves_replaced(item, text) for item in value]
    return "TEXT" if value == text else value


HOSTILE = st.one_of(TEXTS, st.sampled_from([text for text in NASTY if text.strip()]))


@given(text=HOSTILE)
def test_text_changes_leaves_and_nothing_else(text: str) -> None:
    only_leaves_change(text)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(text=HOSTILE | st.lists(st.sampled_from(NASTY), min_size=1, max_size=6).map(" ".join).filter(str.strip))
def test_ten_thousand_hostile_texts_change_leaves_and_nothing_else(text: str) -> None:
    only_leaves_change(text)


def only_leaves_change(text: str) -> None:
    """Every body that holds the text has the shape that it has for plain words."""
    text, plain = f"\uf8ff{text}\uf8ff", "\uf8ffplain words\uf8ff"  # no constant of a body is marked like that
    for build in (
        lambda words: window_body(SearchRequest(text=words, text_vector=VECTOR, facets=("brand",)), from_=0, size=9),
        lambda words: listing_body(SearchRequest(text=words, sort="price:asc")),
        lambda words: stock_search("hybrid", text=words, text_vector=VECTOR)[0],
    ):
        body = build(text)
        assert with_leaves_replaced(body, text) == with_leaves_replaced(build(plain), plain)
        assert json.loads(json.dumps(body)) == body


@given(text=TEXTS)
def test_text_stands_in_query_and_suggest_leaves_only(text: str) -> None:
    places: list[str] = []

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, (*path, key))
        elif isinstance(value, list):
            for item in value:
                walk(item, path)
        elif value == text:
            places.append(".".join(path))

    text = f"\uf8ff{text}\uf8ff"
    walk(window_body(SearchRequest(text=text, text_vector=VECTOR), from_=0, size=9), ())
    assert sorted(places) == [
        "query.bool.should.bool.should.match_phrase.title.query",
        "query.bool.should.bool.should.multi_match.query",
        "suggest.did_you_mean.text",
    ]
    assert "query_string" not in json.dumps(window_body(SearchRequest(text="x"), from_=0, size=1))


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"colour": "red"}, "filters.colour"),
        ({"price": "5"}, "filters.price"),
        ({"price": True}, "filters.price"),
        ({"price": float("nan")}, "filters.price"),
        ({"price": {"gte": None}}, "filters.price.gte"),
        ({"price": {"from": 1}}, "filters.price.from"),
        ({"price": {}}, "filters.price"),
        ({"price": {"gt": 1, "gte": 1}}, "filters.price"),
        ({"price": [1, "2"]}, "filters.price[1]"),
        ({"price": 10**400}, "filters.price"),
        ({"rating_count": 1.5}, "filters.rating_count"),
        ({"in_stock": 1}, "filters.in_stock"),
        ({"in_stock": "true"}, "filters.in_stock"),
        ({"brand": {"gte": "a"}}, "filters.brand"),
        ({"brand": []}, "filters.brand"),
        ({"brand": None}, "filters.brand"),
        ({"brand": "x" * 2000}, "filters.brand"),
        ({"brand": "\ud800"}, "filters.brand"),
        ({"attributes.": "x"}, "filters.attributes."),
        ({"attributes.*": "x"}, "filters.attributes.*"),
        ({"attributes.size": {"gte": 4}}, "filters.attributes.size"),
        ({"attributes.size": [["x"]]}, "filters.attributes.size[0]"),
        ({"_id": "x"}, "filters._id"),
        ({"text_vector": "x"}, "filters.text_vector"),
        ({f"attributes.a{n}": "x" for n in range(51)}, "filters"),
    ],
)
def test_a_bad_filter_is_refused_by_name(filters: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        build_filters(filters)
    assert caught.value.field == field


def test_filters_in_the_form_of_the_engine() -> None:
    assert build_filters(
        {
            "brand": ["A", "B"],
            "price": {"gte": 1, "lt": 9.5},
            "in_stock": True,
            "attributes.size": 16,
            "attributes.wash.cold": [True, "yes"],
        }
    ) == [
        {"terms": {"brand.keyword": ["A", "B"]}},
        {"range": {"price": {"gte": 1.0, "lt": 9.5}}},
        {"term": {"in_stock": {"value": True}}},
        {"terms": {"attributes.size": ["16", "16.0"]}},
        {"terms": {"attributes.wash.cold": ["true", "yes"]}},
    ]


def test_filters_stand_on_every_clause() -> None:
    request = SearchRequest(text="a", text_vector=VECTOR, image_vector=VECTOR, filters={"brand": "A"})
    query = window_body(request, from_=0, size=9)["query"]["bool"]
    wanted = [{"term": {"brand.keyword": {"value": "A"}}}]
    assert query["filter"] == wanted
    nearest = zip(query["should"][1:], request.vectors, strict=True)
    assert all(clause["knn"][name]["filter"]["bool"]["filter"] == wanted for clause, name in nearest)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"from_": MAX_WINDOW, "size": 1}, "from"),
        ({"k_vector": 0}, "k_vector"),
        ({"sort": "price"}, "sort"),
        ({"sort": "title:asc"}, "sort"),
        ({"sort": "_script:asc"}, "sort"),
        ({"text": "\udc00"}, "query"),
        ({"text_vector": np.zeros(3, dtype=np.float32)}, "text_vector"),
        ({"text_vector": np.array([np.nan, 1], dtype=np.float32)}, "text_vector"),
        ({"image_vector": np.ones((2, 2), dtype=np.float32)}, "image_vector"),
    ],
)
def test_a_bad_request_is_refused_by_name(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        SearchRequest(**arguments)
    assert caught.value.field == field


def test_an_unknown_facet_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="facets: no facet 'size'"):
        facet_aggregations(["size"])


def test_a_long_query_is_cut_at_a_word() -> None:
    words = [f"w{number}" for number in range(MAX_TOKENS + 50)]
    assert readable(" ".join(words)).split() == words[:MAX_TOKENS]
    assert readable("红" * 400) == "红" * MAX_TOKENS
    assert readable("a-b" * 400).count("-") <= MAX_TOKENS
    assert readable("short query") == "short query"


@pytest.mark.parametrize(
    "arguments",
    [
        {"system": "bm25"},
        {"system": "text_vector", "text": "a"},
        {"system": "hybrid", "text": "a"},
        {"system": "rrf", "text": "a", "text_vector": VECTOR, "weights": [0.5, 0.5]},
        {"system": "hybrid", "text": "a", "text_vector": VECTOR, "weights": [0.9, 0.5]},
        {"system": "hybrid", "text": "a", "text_vector": VECTOR, "weights": [1.0]},
    ],
)
def test_a_stock_system_says_what_it_lacks(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        stock_search(**arguments)
