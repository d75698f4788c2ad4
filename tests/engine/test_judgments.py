"""Judgments: over HTTP, in and out of files, and on to what measures and trains with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest

from ranker.qrels import read_qrels, read_queries
from tests.fixtures_service import INDEX, Running, index_part, settings_of

pytestmark = pytest.mark.engine

NAME = f"judged-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def judged(engine_url: str, service_home: Path, sample_index: str) -> str:
    assert sample_index == INDEX
    index_part(engine_url, service_home, NAME, 60)
    return NAME


def run(engine_url: str, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        env={**os.environ, **settings_of(engine_url, home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_what_is_judged_is_taken_by_evaluate_and_train_and_comes_back(
    service: Running, engine_url: str, service_home: Path, judged: str, tmp_path: Path
) -> None:
    def post(path: str, **body: object) -> httpx.Response:
        return httpx.post(service.url + path, json={"index": judged, **body}, timeout=120)

    grades: dict[str, dict[str, int]] = {}
    for query in ("desk lamp", "running shoes"):
        found = [one["id"] for one in post("/v1/search", query=query, size=5).json()["results"]]
        grades[query] = dict(zip(found, (3, 2, 0, 1, 0), strict=False))
        rows = [{"id": item, "grade": grade} for item, grade in grades[query].items()]
        assert post("/v1/judgments", query=f"  {query.upper()} ", judgments=rows).status_code == 200
    last = list(grades["desk lamp"])[-1]
    back = post("/v1/judgments", query="desk lamp", judgments=[{"id": last, "grade": None}]).json()
    del grades["desk lamp"][last]
    assert {one["id"]: one["grade"] for one in back["judgments"]} == grades["desk lamp"]
    there = httpx.get(f"{service.url}/v1/judgments", params={"index": judged}, timeout=60).json()["queries"]
    assert {one["query"].lower(): one["judged"] for one in there} == {text: len(g) for text, g in grades.items()}

    out = tmp_path / "mine"
    assert run(engine_url, service_home, "judgments", "export", out, "--index", judged).returncode == 0
    texts, qrels = read_queries(out / "queries.tsv"), read_qrels(out / "qrels.tsv")
    assert {texts[name].lower(): found for name, found in qrels.items()} == grades
    files = ("--queries", out / "queries.tsv", "--qrels", out / "qrels.tsv", "--index", judged)
    measured = run(engine_url, service_home, "evaluate", *files, "--system", "bm25", "--json")
    assert json.loads(measured.stdout)["queries"] == 2, measured.stderr
    windows = run(
        engine_url, service_home, "train", "windows", *files, "--source", "mine", "--out", tmp_path / "w.jsonl"
    )
    assert windows.returncode == 0, windows.stderr
    lines = [json.loads(line) for line in (tmp_path / "w.jsonl").read_text("utf-8").splitlines()]
    learned = {line["query"].lower(): {c["id"]: c["grade"] for c in line["candidates"]} for line in lines}
    for query, found in grades.items():
        assert {item: learned[query][item] for item in found} == found

    for name in ("w.json", "u.jsonl"):
        assert run(engine_url, service_home, "judgments", "export", tmp_path / name, "--index", judged).returncode == 0
    for rows in grades.values():
        assert rows
    for query, found in grades.items():
        gone = [{"id": item, "grade": None} for item in found]
        assert post("/v1/judgments", query=query, judgments=gone).json()["judgments"] == []
    for source in (tmp_path / "w.json", tmp_path / "u.jsonl", out / "qrels.tsv"):
        taken = run(engine_url, service_home, "judgments", "import", source, "--index", judged)
        assert taken.returncode == 0, taken.stderr
        shown = run(engine_url, service_home, "judgments", "list", "--json", "--index", judged)
        assert {text.lower(): found for text, found in json.loads(shown.stdout).items()} == grades
        for query, found in grades.items():
            gone = [{"id": item, "grade": None} for item in found]
            post("/v1/judgments", query=query, judgments=gone)
    empty = run(engine_url, service_home, "judgments", "export", out, "--index", judged)
    assert empty.returncode == 1
    assert "nothing is judged" in empty.stderr


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": "a", "judgments": [{"id": "x", "grade": 4}]}, "judgments.0.grade"),
        ({"query": "a", "judgments": [{"id": "x", "grade": "3"}]}, "judgments.0.grade"),
        ({"query": "a", "judgments": [{"id": "x", "grade": 1}, {"id": "x", "grade": 2}]}, "judgments.1.id"),
        ({"query": " ", "judgments": [{"id": "x", "grade": 1}]}, "query"),
        ({"query": "a", "judgments": []}, "judgments"),
        ({"query": "a", "judgments": [{"id": "", "grade": 1}]}, "id"),
    ],
)
def test_a_judgment_that_cannot_be_names_its_field(service: Running, body: dict[str, object], field: str) -> None:
    answer = httpx.post(f"{service.url}/v1/judgments", json=body, timeout=60)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
