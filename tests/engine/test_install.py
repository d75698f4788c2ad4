"""Install, drift and removal, on a node of their own: they change the whole cluster."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from plugin import catalogue, resources
from plugin.catalogue import EncoderInfo
from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from plugin.errors import (
    EncoderMismatch,
    EngineError,
    EngineRejected,
    EngineUnavailable,
    InvalidQuery,
    UnknownCatalogue,
)
from plugin.install import INDICES, check, install, remove
from service.cli import build
from service.settings import Settings

pytestmark = pytest.mark.engine

ENCODER = EncoderInfo("tiny", "r1", 4)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path) -> Iterator[Engine]:
    cluster = LocalCluster(tmp_path_factory.mktemp("install"), downloads=engine_downloads)
    try:
        url = cluster.start(port=free_ports(1)[0], java_home=Settings().java_home).url
        with Engine(ClusterConfig(url, timeout_s=60)) as made:
            yield made
    finally:
        cluster.remove()


@pytest.fixture
def bare(engine: Engine) -> Engine:
    """The cluster with nothing of ours."""
    for index in ("ubi_queries", "ubi_events"):
        engine.request("DELETE", f"/{index}", params={"ignore_unavailable": "true"})
    remove(engine, catalogues=True)
    return engine


@pytest.fixture
def installed(engine: Engine) -> Engine:
    """The cluster as an install leaves it, without catalogues."""
    for found in catalogue.list_catalogues(engine):
        for index in found.generations:
            catalogue.delete_index(engine, index)
    install(engine)
    return engine


def state(engine: Engine) -> dict[str, Any]:
    """Everything that an install could leave behind."""
    return {
        "components": engine.request("GET", "/_component_template"),
        "templates": engine.request("GET", "/_index_template"),
        "pipelines": engine.request("GET", "/_search/pipeline/*", params={"ignore": 404}),
        "indices": sorted(engine.request("GET", "/_all", params={"expand_wildcards": "all"})),
    }


def test_install_is_idempotent_and_remove_leaves_the_cluster_as_it_was(bare: Engine) -> None:
    before = state(bare)
    first = install(bare)
    everywhere = [resource for resource in resources.load() if resource.needs is None]
    assert len(first.wrote) == len(everywhere) + len(INDICES)
    after = state(bare)
    second = install(bare)
    assert (second.wrote, second.unchanged) == ((), len(first.wrote))
    assert state(bare) == after
    assert check(bare) == []
    done = remove(bare)
    assert sorted(done.removed) == sorted(first.wrote)
    assert done.stays == []
    assert state(bare) == before
    assert remove(bare).removed == []


def test_each_drift_is_named_and_install_mends_it(installed: Engine) -> None:
    component = installed.request("GET", "/_component_template/hybridrank-language-en")
    body = component["component_templates"][0]["component_template"]
    body["template"]["settings"]["index"]["analysis"]["filter"]["hybridrank_stemmer"]["language"] = "light_english"
    installed.request("PUT", "/_component_template/hybridrank-language-en", body)
    installed.request("DELETE", "/_search/pipeline/hybridrank-rrf")
    template = installed.request("GET", "/_index_template/hybridrank-catalogue-de")
    changed = template["index_templates"][0]["index_template"] | {"priority": 7}
    installed.request("PUT", "/_index_template/hybridrank-catalogue-de", changed)

    named = {drift.what: (drift.expected, drift.found) for drift in check(installed)}

    stemmer = "template.settings.index.analysis.filter.hybridrank_stemmer.language"
    assert named.pop(f"component template hybridrank-language-en, {stemmer}") == ("english", "light_english")
    assert named.pop("search pipeline hybridrank-rrf")[1] == "absent"
    assert named.pop("index template hybridrank-catalogue-de, priority") == ("500", "7")
    assert named == {}
    assert len(install(installed).wrote) == 3
    assert check(installed) == []


def test_a_catalogue_of_another_schema_and_a_foreign_behaviour_index_are_drift(bare: Engine) -> None:
    bare.request("PUT", "/ubi_events", {"mappings": {"properties": {"timestamp": {"type": "keyword"}}}})
    install(bare)
    index = catalogue.create_generation(bare, "shop", text_encoder=ENCODER, extra_meta={"schema": "older"})
    catalogue.publish(bare, index)
    named = {drift.what: drift for drift in check(bare)}
    assert named["index ubi_events, timestamp.type"].found == "keyword"
    assert any(what.startswith("catalogue shop") and "older" in drift.found for what, drift in named.items())
    done = remove(bare)
    assert "index ubi_events, which was there before" in done.stays
    assert any(line.startswith("catalogue shop") for line in done.stays)
    assert catalogue.lookup(bare, "shop").index == index


def test_collected_behaviour_and_unknown_state_stay_and_are_told(bare: Engine) -> None:
    install(bare)
    event = {"timestamp": "2025-01-01T00:00:00Z", "action_name": "click"}
    bare.request("PUT", "/ubi_events/_doc/1", event, params={"refresh": "true"})
    bare.request("PUT", "/hybridrank-other")
    done = remove(bare)
    assert len(done.stays) == 2
    assert any("ubi_events with 1 documents" in line for line in done.stays)
    assert any("hybridrank-other" in line for line in done.stays)
    bare.request("DELETE", "/hybridrank-other")


def test_an_event_without_a_date_is_refused(installed: Engine) -> None:
    with pytest.raises(EngineRejected) as caught:
        installed.request("PUT", "/ubi_events/_doc/1", {"timestamp": "yesterday"})
    assert caught.value.status == 400


def test_generations_are_swapped_and_old_ones_deleted(installed: Engine) -> None:
    with pytest.raises(UnknownCatalogue):
        catalogue.lookup(installed, "shop")
    first = catalogue.create_generation(installed, "shop", text_encoder=ENCODER)
    with pytest.raises(UnknownCatalogue):
        catalogue.lookup(installed, "shop")
    catalogue.publish(installed, first)
    second = catalogue.create_generation(installed, "shop", language="zh", text_encoder=ENCODER, shards=2)
    third = catalogue.create_generation(installed, "shop", text_encoder=ENCODER)
    assert catalogue.lookup(installed, "shop").index == first
    catalogue.publish(installed, second)
    found = catalogue.lookup(installed, "shop")
    assert (found.index, found.language, found.shards) == (second, "zh", 2)
    assert found.generations == (first, second, third)
    assert found.text_encoder == ENCODER
    assert {"text_vector", "image_vector", "title"} <= found.fields
    assert list(installed.request("GET", "/_alias/shop")) == [second]
    assert catalogue.delete_old_generations(installed, "shop") == [first]
    assert catalogue.lookup(installed, "shop").generations == (second, third)
    found.require_text_encoder("tiny", "r1")
    with pytest.raises(EncoderMismatch, match="tiny"):
        found.require_text_encoder("tiny", "r2")
    with pytest.raises(EncoderMismatch, match="image"):
        found.require_image_encoder("clip", "r1")


def test_a_catalogue_needs_its_templates_and_a_known_language(bare: Engine) -> None:
    with pytest.raises(EngineError, match="hybridrank install"):
        catalogue.create_generation(bare, "shop", text_encoder=ENCODER)
    with pytest.raises(InvalidQuery, match="language"):
        catalogue.create_generation(bare, "shop", language="tlh", text_encoder=ENCODER)


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("en", "Women's running shoes", ["women", "run", "shoe"]),
        ("zh", "红色连衣裙", ["红色", "色连", "连衣", "衣裙"]),
        ("standard", "Café Shoes", ["cafe", "shoes"]),
        ("fr", "l'étagère", ["etager"]),
    ],
)
def test_each_language_reads_words_its_own_way(installed: Engine, language: str, text: str, tokens: list[str]) -> None:
    index = catalogue.create_generation(installed, "shop", language=language, text_encoder=None)
    answer = installed.request("POST", f"/{index}/_analyze", {"field": "title", "text": text})
    assert [token["token"] for token in answer["tokens"]] == tokens


def test_a_document_keeps_what_it_may_and_no_more(installed: Engine) -> None:
    index = catalogue.create_generation(installed, "shop", text_encoder=ENCODER)
    product = {
        "id": "1",
        "title": "Kettle",
        "image": ["data:image/png;base64," + "A" * 60_000, "b.png"],
        "attributes": {"watt": 2200, "tags": ["a", "b"], "nested": {"deep": True}, "none": None},
        "hybridrank": {"source_sha": "x", "text_sha": "y"},
        "text_vector": np.array([1, 0, 0, 0], dtype=np.float32).tolist(),
    }
    installed.request("PUT", f"/{index}/_doc/1", product, params={"refresh": "true"})
    hit = installed.search(index, {"query": {"term": {"attributes.nested.deep": "true"}}})["hits"]["hits"]
    assert [found["_id"] for found in hit] == ["1"]
    with pytest.raises(EngineRejected, match="strict"):
        installed.request("PUT", f"/{index}/_doc/2", {"id": "2", "title": "x", "colour": "red"})
    with pytest.raises(EngineRejected):
        installed.request("PUT", f"/{index}/_doc/3", {"id": "3", "title": "x", "text_vector": [0.0, 0.0, 0.0, 0.0]})


def test_the_command_line(bare: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSEARCH_URL", bare.config.url)
    run = CliRunner()
    unready = run.invoke(build(), ["install", "--check", "--json"])
    assert unready.exit_code == 1
    everywhere = [resource for resource in resources.load() if resource.needs is None]
    assert len(json.loads(unready.stdout)["drift"]) == len(everywhere) + len(INDICES)
    made = run.invoke(build(), ["install", "--json"])
    assert made.exit_code == 0
    assert json.loads(made.stdout)["unchanged"] == 0
    assert run.invoke(build(), ["install", "--check"]).exit_code == 0
    assert run.invoke(build(), ["install", "--check", "--remove"]).exit_code == 2
    assert json.loads(run.invoke(build(), ["install", "--remove", "--json"]).stdout)["stays"] == []


def test_failures_are_told_apart(installed: Engine) -> None:
    with (
        Engine(ClusterConfig(f"http://127.0.0.1:{free_ports(1)[0]}", timeout_s=2)) as absent,
        pytest.raises(EngineUnavailable, match="engine start"),
    ):
        absent.check()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,  # takes connections and never answers
        Engine(ClusterConfig(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)) as patient,
        pytest.raises(EngineUnavailable),
    ):
        patient.info()
    with pytest.raises(EngineRejected) as caught:
        installed.search("no-such-index", {})
    assert caught.value.status == 404
    searches = [({"index": "_all"}, {"query": {"match_all": {}}}), ({"index": "_all"}, {"query": {"nonsense": {}}})]
    with pytest.raises(EngineRejected):
        installed.msearch(searches)
    assert len(installed.msearch(searches[:1])) == 1
