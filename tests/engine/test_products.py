"""Remembered products beside a real engine: what a search finds is what stands there, whatever is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plugin.candidates import CandidateSet, gather
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.products import Products
from plugin.query import SearchRequest
from tests.engine.test_candidates import Shop

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as made:
        install(made)
        yield made


@pytest.fixture(params=[1, 3], ids=["one-shard", "three-shards"])
def shop(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Shop]:
    made = Shop(engine, f"products-{request.param}", 200, request.param)
    yield made
    made.remove()


def seen(found: CandidateSet) -> list[tuple[str, Any, Any]]:
    return [(hit.id, hit.source, hit.signals) for hit in (*found.hits, *found.rest)]


def warmed(shop: Shop, products: Products, request: SearchRequest) -> None:
    while not products.mostly:
        gather(shop.engine, shop.catalogue, request, products=products, timeout_s=60)


def change(shop: Shop, method: str, path: str, body: Any = None) -> None:
    shop.engine.request(method, f"/{shop.catalogue.index}/{path}", body, {"refresh": "true"})


def test_windows_are_the_same_cold_warm_and_without_memory(shop: Shop) -> None:
    products = Products(2**26)
    for turn in range(2):
        for text, vector in zip(shop.texts[:10], shop.queries, strict=False):
            request = SearchRequest(text=text, text_vector=vector, k_lexical=40, k_vector=40, facets=("brand",))
            plain = gather(shop.engine, shop.catalogue, request, timeout_s=60)
            found = gather(shop.engine, shop.catalogue, request, products=products, timeout_s=60)
            assert seen(found) == seen(plain)
            assert (found.total, found.facets, found.did_you_mean) == (plain.total, plain.facets, plain.did_you_mean)
            assert products.mostly or turn == 0


def test_an_update_is_seen_by_the_next_search_however_it_was_written(shop: Shop) -> None:
    products, request = Products(2**26), SearchRequest(text=shop.texts[0], text_vector=shop.queries[0])
    warmed(shop, products, request)

    def first() -> Any:
        assert products.mostly
        return gather(shop.engine, shop.catalogue, request, products=products, timeout_s=60).hits[0]

    before = first()
    for price in (1.5, 2.5):
        change(shop, "POST", f"_update/{before.id}", {"doc": {"price": price, "brand": f"Brand of {price}"}})
        found = {hit.id: hit for hit in gather(shop.engine, shop.catalogue, request, products=products).hits}[before.id]
        assert found.source["price"] == found.signals["price"] == price
        assert f"Brand of {price}" in found.text
    change(shop, "DELETE", f"_doc/{before.id}")
    assert first().id != before.id


def test_a_product_that_does_not_tell_its_id_is_found_all_the_same(shop: Shop) -> None:
    products = Products(2**26)
    request = SearchRequest(text="zanzibar " + shop.texts[0], text_vector=shop.queries[0])
    warmed(shop, products, request)
    vector = shop.queries[0] / np.linalg.norm(shop.queries[0])
    change(shop, "PUT", "_doc/nameless", {"title": "Zanzibar kettle", "text_vector": vector.tolist()})
    found = gather(shop.engine, shop.catalogue, request, products=products, timeout_s=60)
    assert found.hits[0].id == "nameless"
    assert found.hits[0].source == {"title": "Zanzibar kettle"}
    assert seen(found) == seen(gather(shop.engine, shop.catalogue, request, timeout_s=60))
