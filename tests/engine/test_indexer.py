"""Catalogue files become documents in the real OpenSearch, with vectors of the real encoder."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer import run
from indexer.product import MAX_TERM_BYTES
from multimodal import load_text_encoder
from plugin import catalogue as catalogues
from plugin.client import ClusterConfig, Engine
from plugin.document import passage
from plugin.errors import EncoderMismatch, EngineUnavailable, InvalidQuery
from plugin.install import check
from service.settings import Settings
from tests.engine.indexer_help import adds_up, encoder, engine, name, product, stored, write, writes

pytestmark = pytest.mark.engine
FIXTURES = (encoder, engine, name)


@pytest.fixture
def index_files(engine, name, encoder, tmp_path):
    def call(*files: Path, **more: Any):
        return run(files, engine=engine, catalogue=name, home=tmp_path / "home", **{"encoder": encoder, **more})

    return call


def test_three_kinds_of_file_become_documents_with_vectors(index_files, engine, name, encoder, tmp_path):
    one = tmp_path / "a.jsonl.gz"
    one.write_bytes(gzip.compress(json.dumps({**product(1), "category": ["Shoes", "Red"], "heel": 3}).encode()))
    two = tmp_path / "b.csv"
    two.write_text('id,title,price,category,heel\np2,"Hat, red",2.5,Hats > Red,4\np3,Lamp,,,\n')
    summary = index_files(one, two)
    adds_up(summary, read=3, indexed=3, encoded=3, dead_lettered=0)
    assert (summary.created, summary.language, summary.dead_letters) == (True, "en", None)
    found = stored(engine, name)
    assert found["p1"]["_source"]["attributes"] == {"heel": 3}
    assert found["p2"]["_source"]["category"] == ["Hats", "Red"]
    for document in found.values():
        source = document["_source"]
        expected = encoder.encode([passage(source)])[0]
        assert np.array_equal(np.array(source["text_vector"], np.float32), expected)
    assert check(engine) == []


def test_an_unchanged_catalogue_is_neither_encoded_nor_written_again(index_files, engine, name, tmp_path):
    file = write(tmp_path / "a.jsonl", [product(n) for n in range(30)] + [product(3, title="old"), product(3)])
    adds_up(index_files(file), read=32, indexed=30, unchanged=2, duplicates=2, encoded=30)
    before = writes(engine, name)
    adds_up(index_files(file), read=32, indexed=0, unchanged=32, encoded=0, duplicates=2)
    assert writes(engine, name) == before == 30


def test_a_new_price_keeps_the_vector(index_files, engine, name, tmp_path):
    index_files(write(tmp_path / "a.jsonl", [product(n) for n in range(10)]))
    old = stored(engine, name)
    changed = [product(n, price=99) if n < 4 else product(n) for n in range(9)] + [product(9, title="other words")]
    adds_up(index_files(write(tmp_path / "b.jsonl", changed)), indexed=5, unchanged=5, reused_vectors=4, encoded=1)
    new = stored(engine, name)
    assert new["p1"]["_source"]["price"] == 99
    assert new["p1"]["_source"]["text_vector"] == old["p1"]["_source"]["text_vector"]
    assert new["p9"]["_source"]["text_vector"] != old["p9"]["_source"]["text_vector"]


@pytest.fixture
def picky_pipeline(engine, name):
    """An ingest pipeline of the shop's own that spoils two products: what only the engine can refuse."""
    engine.request("PUT", f"/_ingest/pipeline/{name}", {"processors": [
        {"set": {"if": "ctx.id == 'p3'", "field": "price", "value": "cheap-secret"}},
        {"fail": {"if": "ctx.id == 'p4'", "message": "not in this shop"}},
    ]})  # fmt: skip
    yield name
    engine.request("PUT", f"/{name}/_settings", {"index": {"default_pipeline": None}})
    engine.request("DELETE", f"/_ingest/pipeline/{name}")


def test_bad_lines_are_reported_and_can_be_mended(index_files, engine, name, picky_pipeline, tmp_path):
    index_files(write(tmp_path / "first.jsonl", [product(1)]))
    engine.request("PUT", f"/{name}/_settings", {"index": {"default_pipeline": picky_pipeline}})
    file = write(tmp_path / "a.jsonl", [product(1), product(2, price=-1), product(3), product(4), product(5)])
    with file.open("ab") as stream:
        stream.write(b"nonsense\n")
    reports = []
    summary = index_files(file, on_rejection=reports.append)
    adds_up(summary, read=6, indexed=1, unchanged=1, dead_lettered=4, retries=0)
    said = {one.place.line: (one.field, one.reason) for one in reports}
    assert said[2] == ("price", "must not be negative")
    assert said[3][0] == "price"
    assert "mapper_parsing" in said[3][1] or "failed to parse" in said[3][1]
    assert "secret" not in said[3][1]
    assert "not in this shop" in said[4][1]
    assert "not JSON" in said[6][1]

    letters = [json.loads(line) for line in Path(summary.dead_letters).read_text().splitlines()]
    assert {one["line"]: (one["field"], one["reason"]) for one in letters} == said
    engine.request("PUT", f"/{name}/_settings", {"index": {"default_pipeline": None}})
    for letter in letters:
        letter["raw"] = letter["raw"].replace("-1", "1").replace("nonsense", '{"id":"p6","title":"six"}')
    mended = tmp_path / "mended.jsonl"
    mended.write_text("\n".join(map(json.dumps, letters)))
    adds_up(index_files(mended), read=4, indexed=4, dead_lettered=0)
    assert set(stored(engine, name)) == {f"p{n}" for n in range(1, 7)}


def test_an_older_run_cannot_overwrite_a_newer_one(index_files, engine, name, tmp_path):
    index_files(write(tmp_path / "a.jsonl", [product(1)]))
    newer = stored(engine, name)["p1"]
    later = newer["_version"] + 10**9
    body = {**newer["_source"], "title": "by a run that started later", "hybridrank": {}}
    engine.request("PUT", f"/{name}/_doc/p1", body, {"version": later, "version_type": "external", "refresh": "true"})
    adds_up(index_files(write(tmp_path / "b.jsonl", [product(1)])), read=1, indexed=0, unchanged=1, newer=1)
    assert stored(engine, name)["p1"]["_source"]["title"] == "by a run that started later"


def test_another_encoder_or_language_needs_a_rebuild(index_files, engine, name, tmp_path):
    file = write(tmp_path / "a.jsonl", [product(1)])
    index_files(file)
    other = load_text_encoder("bge-small-zh-v1.5", Settings().home)
    with pytest.raises(EncoderMismatch, match="--rebuild"):
        index_files(file, encoder=other)
    with pytest.raises(InvalidQuery, match="--rebuild"):
        index_files(file, language="de")
    assert index_files(file, language="de", rebuild=True).language == "de"
    assert catalogues.lookup(engine, name).language == "de"


def test_a_file_that_breaks_off_writes_nothing(index_files, engine, name, tmp_path):
    good = write(tmp_path / "a.jsonl", [product(1)])
    broken = tmp_path / "b.jsonl.gz"
    broken.write_bytes(gzip.compress(json.dumps(product(2)).encode() * 50)[:-9])
    with pytest.raises(Exception, match="damaged"):
        index_files(good, broken)
    assert not engine.request("HEAD", f"/{name}")


def test_an_engine_that_does_not_answer_is_told_at_once(encoder, tmp_path):
    file = write(tmp_path / "a.jsonl", [product(1)])
    with (
        Engine(ClusterConfig("http://127.0.0.1:1")) as nowhere,
        pytest.raises(EngineUnavailable, match="does not answer"),
    ):
        run([file], engine=nowhere, catalogue="nowhere", home=tmp_path, encoder=encoder)


def test_a_rebuild_of_nothing_but_bad_lines_keeps_the_live_catalogue(index_files, engine, name, tmp_path):
    index_files(write(tmp_path / "a.jsonl", [product(1)]))
    adds_up(index_files(write(tmp_path / "b.jsonl", [product(2, price=-1)]), rebuild=True), read=1, dead_lettered=1)
    assert set(stored(engine, name)) == {"p1"}
    assert len(catalogues.lookup(engine, name).generations) == 1


def test_long_attributes_fit_up_to_the_limit_that_is_checked(index_files, engine, name, tmp_path):
    value = "x" * (MAX_TERM_BYTES - len("attributes.a.b"))
    adds_up(index_files(write(tmp_path / "a.jsonl", [product(1, a={"b": value})])), indexed=1, dead_lettered=0)
    deep: object = "x"
    for _ in range(18):
        deep = {"k": deep}
    adds_up(index_files(write(tmp_path / "b.jsonl", [product(2, deep=deep)])), indexed=1, dead_lettered=0)


@pytest.mark.shared
def test_real_products_add_up(index_files, engine, name, tmp_path):
    data = Path(__file__).parents[3] / "shared" / "data" / "esci" / "products.jsonl.gz"
    if not data.exists():
        pytest.skip("needs the shared data folder beside the checkout")
    lines = gzip.decompress(data.read_bytes()).splitlines()[:150]
    part = tmp_path / "part.jsonl"
    part.write_bytes(b"\n".join([*lines, b"{}", lines[0]]))
    adds_up(index_files(part), read=152, indexed=150, unchanged=1, duplicates=1, dead_lettered=1, encoded=150)
    found = stored(engine, name)
    assert set(found) == {json.loads(line)["id"] for line in lines}
    assert found["B071HMM81V"]["_source"]["attributes"]["image_url"].startswith("https://")
