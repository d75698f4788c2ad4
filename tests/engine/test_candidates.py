"""Candidates from a real engine, held against brute force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from opensearchpy import helpers

from plugin import catalogue
from plugin.candidates import CandidateSet, Hit, beyond, gather
from plugin.catalogue import Catalogue, EncoderInfo
from plugin.client import ClusterConfig, Engine
from plugin.errors import InvalidQuery
from plugin.facets import FacetValue
from plugin.install import install
from plugin.query import SearchRequest
from plugin.stock import SYSTEMS, search_ids
from service.settings import Settings

pytestmark = pytest.mark.engine

DIMENSION = 32
WORDS = (
    "kettle",
    "teapot",
    "mug",
    "bowl",
    "plate",
    "spoon",
    "fork",
    "knife",
    "ladle",
    "whisk",
    "sieve",
    "grater",
    "pan",
    "wok",
    "oven",
    "toaster",
    "blender",
    "juicer",
    "scale",
    "timer",
    "apron",
    "towel",
    "basket",
    "tray",
    "jar",
    "bottle",
    "flask",
    "grill",
    "skewer",
    "cleaver",
)
COLORS = ("red", "blue", "green", "black")
SERVED = int(Settings.model_fields["candidates_per_signal"].default)
"""Of each signal, as a service brings them."""
BRANDS = ("Acme", "Bolt", "Cedar", "Dune", "Elm")
Vectors = NDArray[np.float32]


class Shop:
    """A made catalogue: its products, their vectors, and where they lie."""

    def __init__(self, engine: Engine, name: str, count: int, shards: int) -> None:
        rng = np.random.default_rng(count)
        centres = rng.normal(size=(60, DIMENSION))
        self.groups = rng.integers(0, 60, count)
        self.vectors = _unit(centres[self.groups] + 0.5 * rng.normal(size=(count, DIMENSION)))
        self.images = _unit(rng.normal(size=(count, DIMENSION)))
        self.has_image = rng.random(count) < 0.7
        self.products = [_product(number, rng) for number in range(count)]
        self.rows = {product["id"]: row for row, product in enumerate(self.products)}
        self.queries = _unit(centres[rng.integers(0, 60, 30)] + 0.5 * rng.normal(size=(30, DIMENSION)))
        self.texts = [" ".join(rng.choice(WORDS, size=rng.integers(1, 4))) for _ in range(30)]
        self.engine = engine
        self.name = name
        encoder = EncoderInfo("made", "r1", DIMENSION)
        index = catalogue.create_generation(engine, name, text_encoder=encoder, image_encoder=encoder, shards=shards)
        with engine.mapped_errors():
            helpers.bulk(engine.client, self._actions(index), chunk_size=2000, refresh=True, request_timeout=300)
        catalogue.publish(engine, index)
        self.catalogue: Catalogue = catalogue.lookup(engine, name)

    def _actions(self, index: str) -> Iterator[dict[str, Any]]:
        for row, product in enumerate(self.products):
            source = {**product, "text_vector": self.vectors[row].tolist()}
            if self.has_image[row]:
                source["image_vector"] = self.images[row].tolist()
            yield {"_index": index, "_id": product["id"], "_source": source}

    def gather(self, **arguments: Any) -> CandidateSet:
        return gather(self.engine, self.catalogue, SearchRequest(**arguments), timeout_s=60)

    def remove(self) -> None:
        catalogue.delete_index(self.engine, self.catalogue.index)


def _unit(values: NDArray[np.float64]) -> Vectors:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def _product(number: int, rng: np.random.Generator) -> dict[str, Any]:
    product: dict[str, Any] = {
        "id": f"p{number:06d}",
        "title": " ".join(rng.choice(WORDS, size=3)),
        "description": " ".join(rng.choice(WORDS, size=8)),
        "brand": str(rng.choice(BRANDS)),
        "color": str(rng.choice(COLORS)),
        "category": ["Kitchen", str(rng.choice(("Pots", "Tools")))],
        "in_stock": bool(rng.random() < 0.8),
        "attributes": {"size": int(rng.integers(1, 5))},
    }
    if rng.random() < 0.9:
        product["price"] = round(float(rng.uniform(1, 300)), 2)
    return product


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as made:
        install(made)
        yield made


@pytest.fixture(scope="module", params=[1, 3], ids=["one-shard", "three-shards"])
def shop(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Shop]:
    made = Shop(engine, f"candidates-{request.param}", 3000, request.param)
    yield made
    made.remove()


def best_rows(cosines: Vectors, k: int, allowed: NDArray[np.bool_]) -> set[int]:
    rows = np.flatnonzero(allowed)
    return set(rows[np.argsort(-cosines[rows], kind="stable")[:k]].tolist())


def check_recall(shop: Shop, k: int, filters: dict[str, object], allowed: NDArray[np.bool_]) -> float:
    """The share of the true union, counted over all queries, that the windows hold."""
    held = wanted = 0
    for text, vector in zip(shop.texts, shop.queries, strict=True):
        asked: dict[str, Any] = {"text": text, "k_lexical": k, "filters": filters}
        found = shop.gather(**asked, text_vector=vector, image_vector=vector, k_vector=k)
        only_words = shop.gather(**asked)
        union = {shop.rows[hit.id] for hit in only_words.hits}
        union |= best_rows(shop.vectors @ vector, k, allowed)
        union |= best_rows(shop.images @ vector, k, allowed & shop.has_image)
        got = {shop.rows[hit.id] for hit in found.hits}
        assert len(got) == len(found.hits)
        held += len(union & got)
        wanted += len(union)
    return held / wanted


def test_the_window_holds_the_true_union(shop: Shop) -> None:
    everything = np.ones(len(shop.products), dtype=np.bool_)
    assert check_recall(shop, SERVED, {}, everything) >= 0.99


def test_the_window_holds_the_true_union_under_filters(shop: Shop) -> None:
    red = np.array([product["color"] == "red" and product["in_stock"] for product in shop.products])
    assert check_recall(shop, SERVED, {"color": "red", "in_stock": True}, red) >= 0.99


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_window_holds_the_true_union_of_a_large_catalogue(engine: Engine) -> None:
    shop = Shop(engine, "candidates-large", 100_000, 3)
    try:
        assert check_recall(shop, SERVED, {}, np.ones(100_000, dtype=np.bool_)) >= 0.99
    finally:
        shop.remove()


def test_every_member_has_every_signal(shop: Shop) -> None:
    text, vector = shop.texts[0], shop.queries[0]
    found = shop.gather(text=text, text_vector=vector, image_vector=vector)
    lexical = {hit.id: hit.signals["bm25"] for hit in shop.gather(text=text, k_lexical=1000).hits}
    assert len(found.hits) > 150
    zeros = 0
    for hit in found.hits + found.rest:
        row = shop.rows[hit.id]
        assert hit.signals["text_vector"] == pytest.approx(float(shop.vectors[row] @ vector), abs=1e-4)
        assert ("image_vector" in hit.signals) == bool(shop.has_image[row])
        if shop.has_image[row]:
            assert hit.signals["image_vector"] == pytest.approx(float(shop.images[row] @ vector), abs=1e-4)
        words = set(text.split())
        matches = bool(words & set(f"{hit.source['title']} {hit.source['description']}".split()))
        assert (hit.signals["bm25"] > 0) == matches
        if hit.id in lexical:
            assert hit.signals["bm25"] == pytest.approx(lexical[hit.id], rel=1e-5)
        zeros += not matches
        assert not {"text_vector", "image_vector", "hybridrank"} & set(hit.source)
    assert zeros > 0


def test_a_weak_match_by_words_does_not_push_out_the_nearest(shop: Shop) -> None:
    # A long query has BM25 scores far above those of a short one.
    far = -shop.vectors[0]
    # Against the graph's own answer, which is all that the words could push out: what the graph itself misses so far
    # from any product is not the words' doing, and the union's recall has a test of its own.
    alone = shop.gather(text=None, text_vector=far, k_lexical=10, k_vector=10)
    found = shop.gather(text=" ".join(WORDS), text_vector=far, k_lexical=10, k_vector=10)
    assert len(alone.hits) == 10
    assert {hit.id for hit in alone.hits} <= {hit.id for hit in found.hits}


def test_pages_past_the_window_have_no_gap_and_no_repeat(shop: Shop) -> None:
    request = SearchRequest(text=shop.texts[1], text_vector=shop.queries[1], k_lexical=10, k_vector=10)
    found = gather(shop.engine, shop.catalogue, request)
    order: list[Hit] = [*found.hits, *found.rest]
    assert len(order) == found.window < found.total
    while len(order) < found.total:
        page = beyond(shop.engine, shop.catalogue, request, from_=len(order), size=97)
        assert page
        order += page
    assert len({hit.id for hit in order}) == len(order) == found.total
    tail = [hit.signals["bm25"] for hit in order[found.window :]]
    assert tail == sorted(tail, reverse=True)
    with pytest.raises(InvalidQuery):
        beyond(shop.engine, shop.catalogue, request, from_=found.window - 1, size=5)


FILTERS: list[tuple[dict[str, object], Callable[[dict[str, Any]], bool]]] = [
    ({"brand": "Acme"}, lambda product: product["brand"] == "Acme"),
    ({"brand": ["Acme", "Elm"], "in_stock": False}, lambda p: p["brand"] in {"Acme", "Elm"} and not p["in_stock"]),
    ({"price": {"gte": 10, "lt": 50}}, lambda product: 10 <= product.get("price", 0) < 50),
    ({"category": "Pots"}, lambda product: "Pots" in product["category"]),
    ({"attributes.size": 3}, lambda product: product["attributes"]["size"] == 3),
    ({"attributes.size": [1, "2"]}, lambda product: product["attributes"]["size"] in {1, 2}),
    ({"id": ["p000001", "nothing"]}, lambda product: product["id"] == "p000001"),
]


@pytest.mark.parametrize(("filters", "holds"), FILTERS, ids=[str(filters) for filters, _ in FILTERS])
def test_a_filter_holds_for_every_clause(
    shop: Shop, filters: dict[str, object], holds: Callable[[dict[str, Any]], bool]
) -> None:
    wanted = {product["id"] for product in shop.products if holds(product)}
    found = shop.gather(text=shop.texts[2], text_vector=shop.queries[2], filters=filters)
    assert found.hits
    assert {hit.id for hit in found.hits + found.rest} <= wanted
    assert shop.gather(filters=filters, size=0).total == len(wanted)


def test_facets_count_all_matches(shop: Shop) -> None:
    found = shop.gather(facets=("brand", "category", "in_stock", "price"), size=0)
    brands = {name: sum(product["brand"] == name for product in shop.products) for name in BRANDS}
    expected = sorted((FacetValue(name, count) for name, count in brands.items()), key=lambda v: (-v.count, v.value))
    assert list(found.facets["brand"].values) == expected
    assert found.facets["category"].values[0] == FacetValue("Kitchen", len(shop.products))
    stock = {value.value: value.count for value in found.facets["in_stock"].values}
    assert stock == {flag: sum(product["in_stock"] is flag for product in shop.products) for flag in (True, False)}
    prices = [product["price"] for product in shop.products if "price" in product]
    assert (found.facets["price"].minimum, found.facets["price"].maximum) == (min(prices), max(prices))
    for value in found.facets["price"].values:
        assert value.low is not None
        assert value.count == sum(value.low <= price < (value.high or np.inf) for price in prices)


def test_a_sorted_listing_pages_through_the_lexical_matches(shop: Shop) -> None:
    text = shop.texts[3]
    pages = [shop.gather(text=text, sort="price:desc", from_=start, size=50) for start in (0, 50)]
    assert all(page.ordered and not page.rest for page in pages)
    hits = [hit for page in pages for hit in page.hits]
    keys = [(-hit.source["price"], hit.id) for hit in hits if "price" in hit.source]
    assert len(hits) == len({hit.id for hit in hits}) == 100
    assert keys == sorted(keys)
    assert all(hit.signals["bm25"] > 0 for hit in hits)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("tosater", "toaster"), ("blendr knife", "blender knife"), ("toaster", None), ("xqzwv", None), ("kettle", None)],
)
def test_did_you_mean_speaks_up_only_when_it_helps(shop: Shop, typed: str, meant: str | None) -> None:
    assert shop.gather(text=typed).did_you_mean == meant


@pytest.mark.parametrize(
    "text",
    [" ".join(f"w{number}" for number in range(400)), "红" * 1000, "a-b" * 330, "\x00", '"*/{}():\\ AND OR NOT', "  "],
    ids=["long", "chinese", "hyphens", "nul", "operators", "blank"],
)
def test_no_text_breaks_a_search(shop: Shop, text: str) -> None:
    found = shop.gather(text=text, text_vector=shop.queries[0])
    assert found.hits


def test_the_stock_systems_answer(shop: Shop) -> None:
    text, vector = shop.texts[4], shop.queries[4]
    runs = {}
    for system in SYSTEMS:
        runs[system] = search_ids(
            shop.engine, shop.name, system, text=text, text_vector=vector, image_vector=vector, size=20
        )
        scores = [score for _, score in runs[system]]
        assert len(scores) == 20
        assert scores == sorted(scores, reverse=True)
    nearest = best_rows(shop.vectors @ vector, 20, np.ones(len(shop.products), dtype=np.bool_))
    assert len(nearest & {shop.rows[found] for found, _ in runs["text_vector"]}) >= 19
    words_only = search_ids(
        shop.engine, shop.name, "hybrid", text=text, text_vector=vector, size=20, weights=[1.0, 0.0]
    )
    assert words_only[0][0] == runs["bm25"][0][0]


def test_a_vector_of_another_length_or_field_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidQuery, match="text_vector: has 3 numbers"):
        shop.gather(text_vector=np.ones(3, dtype=np.float32))
    index = catalogue.create_generation(shop.engine, "candidates-bare", text_encoder=None)
    catalogue.publish(shop.engine, index)
    try:
        bare = catalogue.lookup(shop.engine, "candidates-bare")
        with pytest.raises(InvalidQuery, match="no such vectors"):
            gather(shop.engine, bare, SearchRequest(text="x", text_vector=shop.queries[0]))
        assert gather(shop.engine, bare, SearchRequest(text="x")).hits == ()
    finally:
        catalogue.delete_index(shop.engine, index)


def test_a_stored_vector_comes_back_with_its_document_and_survives_a_partial_update(engine):
    encoder = EncoderInfo("made", "r1", DIMENSION)
    index = catalogue.create_generation(engine, "apart", text_encoder=encoder, image_encoder=encoder)
    vector = _unit(np.random.default_rng(5).normal(size=(1, DIMENSION)))[0].tolist()
    engine.request("PUT", f"/{index}/_doc/with", {"id": "with", "title": "Kettle", "text_vector": vector})
    engine.request("PUT", f"/{index}/_doc/without", {"id": "without", "title": "Teapot"})
    engine.request("POST", f"/{index}/_update/with", {"doc": {"price": 3.0}}, {"refresh": "true"})
    stored = engine.request("GET", f"/{index}/_doc/with")["_source"]
    assert stored["price"] == 3.0
    np.testing.assert_allclose(stored["text_vector"], vector, atol=1e-6)
    assert engine.request("GET", f"/{index}/_doc/without")["_source"] == {"id": "without", "title": "Teapot"}
    found = engine.search(index, {"query": {"match_all": {}}})["hits"]["hits"]
    read = {hit["_id"]: hit["_source"] for hit in found}
    np.testing.assert_allclose(read["with"]["text_vector"], vector, atol=1e-6)
    assert "text_vector" not in read["without"]
