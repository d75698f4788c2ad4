"""The text of a product, names, configuration and the comparison of resources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin import resources
from plugin.client import ClusterConfig
from plugin.document import PASSAGE_CHARS, passage, vector_mapping
from plugin.errors import EngineError, InvalidQuery
from plugin.install import INDICES
from plugin.names import PhysicalIndex, check_catalogue_name, parse_physical


def test_what_matters_comes_first_in_a_passage() -> None:
    product = {
        "title": "Tee\n  shirt  by Acme",
        "description": "Soft\tcotton.",
        "brand": "ACME",
        "color": ["red", "blue"],
        "category": ["Clothing", "Men", "Shirts"],
    }
    assert passage(product) == "Tee shirt by Acme | red, blue | Shirts, Men. Soft cotton."


@pytest.mark.parametrize(
    ("product", "text"),
    [
        ({}, ""),
        ({"title": None, "description": "only this"}, "only this"),
        ({"title": "only that", "brand": "", "category": []}, "only that"),
        ({"title": "x", "category": "Home > Kitchen > Knives"}, "x | Knives, Kitchen"),
        ({"title": "x", "category": "Home / Kitchen / Cutlery/Knives"}, "x | Cutlery/Knives, Kitchen"),
        ({"title": "x", "category": ["Knives", "Knives"]}, "x | Knives"),
    ],
)
def test_missing_fields_leave_no_trace_in_a_passage(product: dict[str, object], text: str) -> None:
    assert passage(product) == text


VALUES = st.one_of(st.none(), st.text(), st.lists(st.one_of(st.none(), st.text())), st.integers())


@given(st.dictionaries(st.sampled_from(["title", "brand", "color", "category", "description"]), VALUES))
def test_a_passage_is_one_short_line(product: dict[str, object]) -> None:
    text = passage(product)
    assert len(text) <= PASSAGE_CHARS
    assert text == " ".join(text.split())


def test_a_dimension_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="dimension: 0"):
        vector_mapping(0)


@pytest.mark.parametrize("name", ["", "Products", "-a", "a b", "a*", "a,b", "a.b", "_all", "é", "a" * 65, "a\n"])
def test_names_that_could_mean_more_are_refused(name: str) -> None:
    with pytest.raises(InvalidQuery, match="index: a catalogue's name"):
        check_catalogue_name(name)


@pytest.mark.parametrize("name", ["hybridrank-x", "ubi_events"])
def test_names_of_our_own_state_are_refused(name: str) -> None:
    with pytest.raises(InvalidQuery, match="own state"):
        check_catalogue_name(name)


@given(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True), st.integers(1, 999_999), st.sampled_from(["en", "zh"])
)
def test_an_index_name_says_what_it_is(name: str, generation: int, language: str) -> None:
    index = PhysicalIndex(name, generation, language)
    assert parse_physical(str(index)) == index


def test_a_configuration_hides_its_secrets() -> None:
    inside = ClusterConfig("https://ada:s3cr%2Ft@search.example:9201/prefix")
    assert inside.login() == ("ada", "s3cr/t")
    beside = ClusterConfig("http://localhost:9200", user="ada", password="s3cr/t")
    for config in (inside, beside):
        assert "s3cr" not in repr(config)
        assert "s3cr" not in config.shown
    assert inside.hosts() == [{"host": "search.example", "port": 9201, "use_ssl": True, "url_prefix": "prefix"}]
    assert [host["port"] for host in ClusterConfig("http://a:1,http://b:2").hosts()] == [1, 2]


@pytest.mark.parametrize("url", ["", "localhost:9200", "ftp://x", "http://", "http://x:99999", "http://a,https://b"])
def test_a_bad_address_is_refused(url: str) -> None:
    with pytest.raises(EngineError, match="OPENSEARCH_URL"):
        ClusterConfig(url)


def test_half_a_login_and_a_missing_authority_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="OPENSEARCH_PASSWORD"):
        ClusterConfig(user="ada")
    with pytest.raises(EngineError, match="OPENSEARCH_CA"):
        ClusterConfig(ca=tmp_path / "missing.pem")


def test_differences_are_named_by_path_and_spelling_is_none() -> None:
    assert (
        resources.differences({"a": {"n": 1, "on": True}, "b": "x"}, {"a": {"n": "1", "on": "true"}, "b": ["x"]}) == []
    )
    assert resources.differences({"a": {"n": 1}, "l": [1, 2]}, {"a": {"n": 2}, "l": [1, 2], "more": 0}) == [
        ("a.n", "1", "2"),
        ("more", "absent", "0"),
    ]


def test_every_language_has_its_analysis() -> None:
    assert {"en", "zh", "de", "fr", "es", "standard"} == set(resources.languages())
    assert len(set(resources.languages().values())) == 6


def test_each_file_says_what_it_is_for() -> None:
    for resource in resources.load():
        words = resource.body.get("description") or resource.body["_meta"]["hybridrank"]["about"]
        assert len(words) > 10, resource.name
        assert json.loads(json.dumps(resource.body)) == resource.body


def test_the_roles_of_service_and_indexer_name_every_index_that_an_install_makes() -> None:
    roles = {resource.name: resource.body for resource in resources.load() if resource.kind == "role"}
    for name in ("hybridrank_service", "hybridrank_indexer"):
        named = {pattern for part in roles[name]["index_permissions"] for pattern in part["index_patterns"]}
        assert named >= INDICES.keys(), name
    storefront = json.dumps(roles["hybridrank_storefront"])
    assert not [index for index in INDICES if index.startswith("hybridrank-") and index in storefront]
