"""``hybridrank evaluate`` over the sample catalogue in a real OpenSearch, its figures recomputed by ir-measures."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

import ir_measures
import pytest
from ir_measures import RR, P, R, nDCG

from ranker.significance import chance_of
from service.engine import engine_from
from service.parts import Parts
from service.report import SYSTEMS
from service.sample import SampleFolder
from service.schemas.search import SearchBody
from service.settings import Settings
from tests.fixtures_service import index_part, settings_of

pytestmark = pytest.mark.engine

STOCK = [name for name in SYSTEMS if name not in {"image_vector", "ranked"}]
CATALOGUE = "evaluate-sample"
"""Of its own: what is clicked elsewhere would move the order between two measurements."""
COMMAND = [sys.executable, "-m", "service", "evaluate"]
GAINS = {0: 0, 1: 1, 2: 3, 3: 7}
THEIRS = {
    "ndcg@10": nDCG(gains=GAINS) @ 10,
    "ndcg@10_condensed": nDCG(gains=GAINS, judged_only=True) @ 10,
    "precision@10": P @ 10,
    "recall@100": R @ 100,
    "mrr@10": RR @ 10,
}


@pytest.fixture(scope="module")
def judged(engine_url, sample_index, service_home, tmp_path_factory):
    """Queries of a colour and a kind of product; half of the products are judged, by how much of the category fits."""
    index_part(engine_url, service_home, CATALOGUE, 120)
    lines = SampleFolder.of(Settings(home=service_home)).products.read_text("utf-8").splitlines()
    products = [json.loads(line) for line in lines[:120]]
    queries, qrels = [], []
    for number, product in enumerate(products[::20]):
        queries.append(f"q{number}\t{product['color']} {product['category'][1]}")
        for other in products[number::2]:
            shared = sum(a == b for a, b in zip(other["category"], product["category"], strict=False))
            qrels.append(f"q{number}\t{other['id']}\t{shared}")
    folder = tmp_path_factory.mktemp("judged")
    queries += ["nothing\tcoffee", "unjudged\ttea"]
    qrels += [f"nothing\t{products[0]['id']}\t0"]
    (folder / "queries.tsv").write_text("\n".join(queries), "utf-8")
    (folder / "qrels.tsv").write_text("\n".join(qrels), "utf-8")
    return folder


@pytest.fixture(scope="module")
def evaluate(engine_url, service_home, judged):
    def run(*arguments: object, folder=judged):
        return subprocess.run(
            [*COMMAND, "--queries", folder / "queries.tsv", "--qrels", folder / "qrels.tsv", *arguments],
            env={**os.environ, **settings(engine_url, service_home), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def measured(evaluate, judged):
    """One run of every system, with everything written that can be written."""
    done = evaluate(
        "--system", *STOCK, "ranked", "--compare", "bm25", "ranked", "--json",
        "--run-out", judged / "out.run", "--per-query", judged / "values.tsv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_report_has_the_contracts_shape(measured):
    assert list(measured["systems"]) == [*STOCK, "ranked"]
    assert measured["queries"] == 6
    assert measured["left_out"] == 2
    for system in measured["systems"].values():
        assert system["degraded"] == 0
        for name in ("ndcg@10", "ndcg@10_condensed", "recall@100"):
            low, high = system[f"{name}_ci"]
            assert 0 <= low <= system[name] <= high <= 1
        assert 0 < system["ndcg@10_condensed_floor"] < 1


def test_another_tool_gets_the_same_figures_from_the_run_files(measured, judged):
    qrels = list(read_qrels(judged))
    for name, system in measured["systems"].items():
        run = list(ir_measures.read_trec_run(str(judged / f"out.{name}.run")))
        assert max(sum(one.query_id == query for one in run) for query in {one.query_id for one in run}) <= 100
        theirs = ir_measures.calc_aggregate(THEIRS.values(), qrels, run)
        for metric, measure in THEIRS.items():
            assert system[metric] == pytest.approx(theirs[measure], abs=1e-5), (name, metric)


def read_qrels(folder):
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, item, grade = line.split("\t")
        if query != "nothing":
            yield ir_measures.Qrel(query, item, int(grade))


def test_per_query_values_and_the_comparison_add_up(measured, judged):
    head, *rows = [line.split("\t") for line in (judged / "values.tsv").read_text("utf-8").splitlines()]
    column = head.index("ndcg@10")
    values = {(row[1], row[0]): float(row[column]) for row in rows}
    for name, system in measured["systems"].items():
        mine = [value for (system_name, _), value in values.items() if system_name == name]
        assert statistics.fmean(mine) == pytest.approx(system["ndcg@10"], abs=1e-5)
    (compared,) = measured["compare"]
    found = compared["metrics"]["ndcg@10"]
    assert (compared["first"], compared["second"]) == ("bm25", "ranked")
    ndcg = {name: system["ndcg@10"] for name, system in measured["systems"].items()}
    assert found["difference"] == pytest.approx(ndcg["ranked"] - ndcg["bm25"], abs=1e-5)
    assert found["ci"][0] <= found["difference"] <= found["ci"][1]
    assert len(found["moved"]) == found["better"] + found["worse"]
    changes = [values["ranked", query] - values["bm25", query] for query in {row[0] for row in rows}]
    assert found["p"] == pytest.approx(chance_of(sorted(changes)), abs=0.02)
    for query in found["moved"]:
        assert query["first"] == pytest.approx(values["bm25", query["query_id"]], abs=1e-5)
        assert query["second"] == pytest.approx(values["ranked", query["query_id"]], abs=1e-5)


def test_fusion_finds_what_either_signal_finds(measured, judged):
    found = {name: ids_of(judged / f"out.{name}.run") for name in STOCK}
    for query in found["hybrid"]:
        top = {found["bm25"][query][0], found["text_vector"][query][0]}
        assert top <= set(found["hybrid"][query])
        assert top <= set(found["rrf"][query])


def ids_of(path):
    found = {}
    for line in path.read_text("utf-8").splitlines():
        query, _, item, *_ = line.split()
        found.setdefault(query, []).append(item)
    return found


def test_ranked_is_the_order_of_a_search_and_leaves_the_query_log_alone(
    measured, evaluate, judged, engine_url, service_home, monkeypatch
):
    for name, value in settings(engine_url, service_home).items():
        monkeypatch.setenv(name, value)
    chosen = Settings()
    query, text = (judged / "queries.tsv").read_text("utf-8").splitlines()[0].split("\t")
    parts = Parts(chosen)
    with parts.engine:
        answer = parts.search.answer(SearchBody(query=text, size=100))
    assert [one.id for one in answer.results] == ids_of(judged / "out.ranked.run")[query]

    with engine_from(chosen) as engine:
        before = logged(engine)
        assert evaluate("--system", "ranked", "--json").returncode == 0
        assert logged(engine) == before > 0


def logged(engine):
    engine.request("POST", "/ubi_queries/_refresh")
    return engine.request("GET", "/ubi_queries/_count", {"query": {"term": {"application": CATALOGUE}}})["count"]


def settings(engine_url, home):
    """The environment of a service over the catalogue of these tests."""
    return {**settings_of(engine_url, home), "HYBRIDRANK_INDEX": CATALOGUE}


def test_past_the_budget_is_counted_not_hidden(evaluate):
    done = evaluate("--system", "ranked", "--budget-ms", "1", "--json")
    assert json.loads(done.stdout)["systems"]["ranked"]["degraded"] == 6
    table = evaluate("--system", "ranked", "--budget-ms", "1").stdout
    assert "6 queries were not ranked by the model" in table


def test_the_table_fits_a_terminal_and_the_same_seed_gives_the_same(evaluate):
    first, second = (evaluate("--system", "bm25,rrf", "--compare", "bm25", "rrf") for _ in range(2))
    assert first.returncode == 0
    assert first.stdout == second.stdout
    table = first.stdout.partition("ndcg@10: ")[0]
    assert "left out, without a relevant item: 2 queries" in table
    assert "…" not in table
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--system", "image_vector", "--index", "no-such"], 1, "no catalogue named 'no-such'"),
        (["--system", "bm26"], 2, "--system: 'bm26' is not one of bm25, text_vector"),
        ([], 2, "--system: name at least one"),
        (["--compare", "bm25", "bm25"], 2, "--compare: name two different systems"),
        (["--system", "bm25", "--index", "no-such"], 1, "no catalogue named 'no-such'"),
    ],
)
def test_what_cannot_be_measured_is_one_line(evaluate, arguments, code, message):
    done = evaluate(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_bad_judgment_names_its_line(evaluate, judged, tmp_path):
    (tmp_path / "queries.tsv").write_text((judged / "queries.tsv").read_text("utf-8"), "utf-8")
    (tmp_path / "qrels.tsv").write_text("q0\tp1\t3\nq0\tp2\tgood\n", "utf-8")
    done = evaluate("--system", "bm25", folder=tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'qrels.tsv'}, line 2, grade: must be a whole number" in done.stderr
    assert done.stderr.count("\n") == 1
