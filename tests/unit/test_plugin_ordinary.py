"""Ordinary queries: what is read of them, and what is left as it is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.catalogue import Catalogue
from plugin.inside import STOCK, inside_body
from plugin.ordinary import NotOrdinary, Ordinary, read_ordinary
from plugin.query import VECTOR_BOOST, SearchRequest, window_body

VECTOR = np.array([0.6, 0.8], dtype=np.float32)
RED = {"term": {"color.keyword": {"value": "red"}}}
CHEAP = {"range": {"price": {"lt": 20}}}
SHOP = Catalogue(
    "shop", "hybridrank-catalogue.en.shop.000001", "u1", "en", 1, None, None, "", frozenset({"text_vector"}), ()
)


def match(text: str, field: str = "title") -> dict[str, Any]:
    return {"match": {field: {"query": text, "operator": "OR"}}}


@pytest.mark.parametrize(
    ("query", "text", "filters"),
    [
        (match("red shoes"), "red shoes", []),
        ({"match": {"title": "red  shoes "}}, "red shoes", []),
        ({"multi_match": {"query": "red shoes", "fields": ["title^2", "brand"]}}, "red shoes", []),
        ({"simple_query_string": {"query": "t-shirt red", "fields": ["title"]}}, "t-shirt red", []),
        ({"bool": {"must": [match("shoes")], "filter": [RED, CHEAP]}}, "shoes", [RED, CHEAP]),
        ({"bool": {"must": match("shoes"), "filter": RED}}, "shoes", [RED]),
        ({"bool": {"must": [match("shoes"), RED]}}, "shoes", [RED]),
        ({"bool": {"must": [match("shoes")], "must_not": [RED]}}, "shoes", [{"bool": {"must_not": [RED]}}]),
        ({"bool": {"should": [match("shoes"), match("shoes", "brand")]}}, "shoes", []),
        ({"bool": {"must": [match("shoes")], "should": [RED]}}, "shoes", []),
        (
            {"bool": {"must": [match("shoes")], "should": [RED, CHEAP], "minimum_should_match": "1"}},
            "shoes",
            [{"bool": {"should": [RED, CHEAP], "minimum_should_match": "1"}}],
        ),
        ({"dis_max": {"queries": [match("shoes"), match("shoes", "brand")]}}, "shoes", []),
        ({"bool": {"must": [{"bool": {"must": [match("shoes")], "filter": [CHEAP]}}], "filter": [RED]}}, "shoes", None),
    ],
)
def test_text_and_filters_are_found(query: dict[str, Any], text: str, filters: list[Any] | None) -> None:
    read = read_ordinary(query, None)
    assert read.text == text
    assert list(read.filters) == ([RED, CHEAP] if filters is None else filters)
    assert read.stock == query


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (None, "no_text"),
        ({"match_all": {}}, "no_text"),
        ({"bool": {"filter": [RED]}}, "no_text"),
        (match("   "), "no_text"),
        ({"bool": {"must": [match("shoes"), match("Acme", "brand")]}}, "several_texts"),
        ({"simple_query_string": {"query": '"red shoes" -blue'}}, "operators"),
        ({"simple_query_string": {"query": "red | blue"}}, "operators"),
        ({"query_string": {"query": "title:red"}}, "query_string"),
        ({"function_score": {"query": match("shoes")}}, "function_score"),
        ({"hybrid": {"queries": [match("shoes")]}}, "hybrid"),
        ({"bool": {"should": [{"knn": {"other": {"vector": [1.0], "k": 5}}}, match("shoes")]}}, "knn"),
        ({"bool": {"should": [{"bool": {"must": [match("a")], "filter": [RED]}}, match("a")]}}, "filter_in_should"),
        (
            {"bool": {"must": [match("a")], "should": [match("a", "brand")], "minimum_should_match": "1"}},
            "minimum_should_match",
        ),
        ({"bool": {}, "match_all": {}}, "malformed"),
    ],
)
def test_what_cannot_be_understood_is_left(query: dict[str, Any] | None, reason: str) -> None:
    with pytest.raises(NotOrdinary) as left:
        read_ordinary(query, None)
    assert left.value.reason == reason


def test_the_caller_may_say_the_text_itself() -> None:
    both = {"bool": {"must": [match("shoes"), match("Acme", "brand")], "filter": [RED]}}
    assert read_ordinary(both, None, text=" Acme  shoes") == Ordinary("Acme shoes", (RED,), both, None)
    assert read_ordinary({"match_all": {}}, None, text="shoes").stock is None


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_hybridranks_own_body_reads_as_what_it_was_made_from(text: str) -> None:
    folded = " ".join(text.split())
    if not folded:
        return
    request = SearchRequest(text=folded, text_vector=VECTOR, filters={"color": "red"}, hidden=("p1",))
    body = json.loads(json.dumps(window_body(request, from_=0, size=9)))
    read = read_ordinary(body["query"], body["post_filter"])
    assert (read.text, read.stock, read.post_filter) == (folded, None, None)
    again = SearchRequest(text=read.text, text_vector=VECTOR, clauses=read.filters)
    assert window_body(again, from_=0, size=9) == body


def made(query: dict[str, Any], post_filter: dict[str, Any] | None = None, **page: Any) -> tuple[SearchRequest, Any]:
    read = read_ordinary(query, post_filter)
    request = SearchRequest(text=read.text, text_vector=VECTOR, clauses=read.filters, spelling=False)
    return request, inside_body(SHOP, request, read, **{"bring": (), "from_": 0, "size": 10, **page})


def test_the_shops_own_query_stays_as_a_clause_with_a_name() -> None:
    request, inside = made({"bool": {"must": [match("shoes")], "filter": [RED]}})
    should = inside.body["query"]["bool"]["should"]
    assert [clause["bool"]["_name"] for clause in should if "bool" in clause] == ["bm25", STOCK]
    assert inside.body["query"]["bool"]["filter"] == [RED]
    assert inside.body["query"]["bool"]["should"][1]["knn"]["text_vector"]["filter"] == {"bool": {"filter": [RED]}}
    assert (inside.body["from"], inside.body["size"], inside.window) == (0, request.window(1), request.window(1))
    assert inside.stock == STOCK
    assert inside.search_type is None


def test_a_post_filter_holds_for_hits_and_not_for_what_aggregations_count() -> None:
    _, inside = made(match("shoes"), RED)
    assert RED not in inside.body["query"]["bool"]["filter"]
    assert "filter" not in inside.body["query"]["bool"]["should"][1]["knn"]["text_vector"]
    assert inside.body["post_filter"]["bool"]["filter"] == [RED]
    assert {"match_all": {}} in inside.body["post_filter"]["bool"]["should"]


def test_what_is_to_be_brought_is_brought_first() -> None:
    request, inside = made(match("shoes"), bring=("p1", "p2"))
    ids = inside.body["query"]["bool"]["should"][-1]
    assert ids == {"constant_score": {"filter": {"ids": {"values": ["p1", "p2"]}}, "boost": VECTOR_BOOST}}
    assert inside.window == request.window(1) + 2


@pytest.mark.parametrize(
    ("from_", "size", "asked", "window"), [(0, 10, (0, 250), 250), (245, 20, (0, 265), 250), (250, 10, (250, 10), 0)]
)
def test_pages_in_across_and_beyond_the_window(from_: int, size: int, asked: tuple[int, int], window: int) -> None:
    _, inside = made(match("shoes"), from_=from_, size=size)
    assert (inside.body["from"], inside.body["size"]) == asked
    assert inside.window == window
