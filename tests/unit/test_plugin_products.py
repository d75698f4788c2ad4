"""What is remembered of found products: by version, within its bytes."""

from __future__ import annotations

from plugin.products import Product, Products


def product(title: str) -> Product:
    return Product({"title": title})


def test_another_version_or_index_is_another_product():
    products = Products(2**20)
    products.put("one", {"a": ((7, 1), product("old"))})
    assert products.known("one", {"a": (7, 1)})["a"].text == "old"
    for index, version in (("one", (8, 1)), ("one", (7, 2)), ("two", (7, 1))):
        assert products.known(index, {"a": version}) == {}


def test_what_was_found_late_does_not_replace_what_is_newer():
    products = Products(2**20)
    products.put("one", {"a": ((3, 2), product("new"))})
    products.put("one", {"a": ((9, 1), product("before the other copy took over"))})
    assert products.known("one", {"a": (3, 2)})["a"].text == "new"
    products.put("one", {"a": ((4, 2), product("newest"))})
    assert products.known("one", {"a": (4, 2)})["a"].text == "newest"
    assert len(products) == 1


def test_the_longest_unused_go_when_the_bytes_are_full_and_none_is_lost_count_of():
    products = Products(50_000)
    for number in range(100):
        products.put("one", {str(number): ((number, 1), product("x" * 1000))})
        products.known("one", {"0": (0, 1)})
        assert 0 <= products.size <= 50_000
    assert 5 < len(products) < 50
    assert "0" in products.known("one", {"0": (0, 1)})
    products.put("one", {"0": ((100, 1), product("y" * 100_000))})
    assert len(products) == products.size == 0


def test_content_is_left_out_once_most_is_known_and_asked_for_again_when_it_is_not():
    products = Products(2**20)
    versions = {str(number): (number, 1) for number in range(10)}
    products.put("one", {name: (version, product(name)) for name, version in versions.items()})
    assert not products.mostly
    while not products.mostly:
        assert len(products.known("one", versions)) == 10
    while products.mostly:
        assert products.known("two", versions) == {}


def test_none_are_remembered_where_there_is_no_room():
    products = Products(0)
    products.put("one", {"a": ((1, 1), product("a"))})
    assert products.known("one", {"a": (1, 1)}) == {}
    assert not products.mostly
