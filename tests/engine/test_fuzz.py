"""Malformed requests to every endpoint of a running service. The long form is ``python -m benchmarks.fuzz``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import Settings
from tests.fixtures_service import Running, index_part, settings_of, start_service
from tests.fuzz.campaign import Report, campaign, workers
from tests.fuzz.documented import drawn_from_document
from tests.fuzz.requests import Known, wholes

pytestmark = pytest.mark.engine
CATALOGUE = "fuzzed"
INPUTS = 300


@pytest.fixture(scope="module")
def fuzzed(
    engine_url: str, service_home: Path, sample_index: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A service of its own over a small catalogue, for what is sent here changes rules, weights and judgments."""
    assert sample_index != CATALOGUE, "it wrote the products that the small one takes"
    index_part(engine_url, service_home, CATALOGUE, 5)
    folder = tmp_path_factory.mktemp("fuzzed")
    own = {
        **settings_of(engine_url, service_home),
        "HYBRIDRANK_INDEX": CATALOGUE,
        "HYBRIDRANK_SIGNAL_WEIGHTS": str(folder / "weights.json"),
        "HYBRIDRANK_RERANK_DEPTH": "1",
    }
    running = start_service(folder, "--demo", **own)
    before = workers(running.process.pid)
    yield running
    assert workers(running.process.pid) == before
    assert "unexpected " not in running.log.read_text()
    assert running.stop() == 0


def faultless(report: Report) -> None:
    assert report.faults == {}, json.dumps(report.table()["faults"], indent=1)


def test_every_endpoint_is_asked() -> None:
    rules = create_app(Settings(), demo=True).url_map.iter_rules()
    there = {(method, one.rule) for one in rules for method in (one.methods or set()) - {"HEAD", "OPTIONS"}}
    assert {(one.method, one.path) for one in wholes(Known("a", "a", "p"))} == there


def test_malformed_requests_are_refused_and_end_nothing(fuzzed: Running, engine_url: str) -> None:
    report = campaign(fuzzed.url, engine_url, CATALOGUE, INPUTS, seed=1)
    faultless(report)
    assert report.sent.total() == INPUTS


def test_what_the_document_allows_and_forbids_is_answered_as_it_says(fuzzed: Running, engine_url: str) -> None:
    report = drawn_from_document(fuzzed.url, engine_url, CATALOGUE, 4, frozenset({"/v1/judgments", "/v1/suggest"}))
    faultless(report)
    assert report.sent.total() >= 20


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_whole_document_and_five_thousand_mutations(fuzzed: Running, engine_url: str) -> None:
    faultless(campaign(fuzzed.url, engine_url, CATALOGUE, 5_000, seed=2))
    faultless(drawn_from_document(fuzzed.url, engine_url, CATALOGUE, 10))
