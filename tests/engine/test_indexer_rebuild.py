"""``kill -9`` and a rebuild under a searching user, by the real command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from plugin import catalogue as catalogues
from plugin.client import ClusterConfig, Engine
from service.settings import Settings
from tests.engine.indexer_help import encoder, engine, name, product, stored, write, writes

pytestmark = pytest.mark.engine
FIXTURES = (encoder, engine, name)
COUNT = 700
TEXT = "a long description that gives the encoder something to do " * 4


@pytest.fixture
def home(tmp_path):
    """A home whose encoder files are those of the user's own home."""
    (tmp_path / "home").mkdir()
    (Settings().home / "models").mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / "models").symlink_to(Settings().home / "models")
    return tmp_path / "home"


@pytest.fixture
def command(engine_url, home, name):
    """Start ``hybridrank index`` as a process of its own."""

    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "index", "--index", name, "--json", *arguments],
            env={**os.environ, "OPENSEARCH_URL": engine_url, "HYBRIDRANK_HOME": str(home)},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def ended(process: subprocess.Popen[str], status: int = 0) -> dict[str, object]:
    """Wait for a command and read its summary."""
    out, err = process.communicate(timeout=400)
    assert process.returncode == status, err
    return json.loads(out)


def kill_after(process: subprocess.Popen[str], engine: Engine, pattern: str, documents: int) -> None:
    """Kill a command without warning once an index holds so many documents."""
    until = time.monotonic() + 400
    while time.monotonic() < until:
        answer = engine.request("GET", f"/{pattern}/_stats/indexing,docs", params={"expand_wildcards": "all"})
        if answer["_all"]["primaries"].get("indexing", {}).get("index_total", 0) >= documents:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL, "it had ended before it was killed"
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("the command wrote nothing")


def catalogue_of(path: Path, count: int, **more: object) -> Path:
    return write(path, [product(n, description=f"{TEXT}{n % 50}", **more) for n in range(count)])


def test_kill_and_the_same_command_again(command, engine, name, tmp_path):
    file = catalogue_of(tmp_path / "a.jsonl", COUNT)
    kill_after(command(str(file)), engine, f"hybridrank-catalogue.en.{name}.*", 1)
    kept = len(stored(engine, name))
    assert 0 < kept < COUNT
    summary = ended(command(str(file)))
    assert (summary["read"], summary["dead_lettered"]) == (COUNT, 0)
    # a request of the killed process may still have been under way when we counted
    assert kept <= summary["unchanged"] <= kept + 3 * 256
    assert summary["indexed"] == summary["encoded"] == COUNT - summary["unchanged"]
    assert set(stored(engine, name)) == {f"p{n}" for n in range(COUNT)}
    assert writes(engine, name) == COUNT


def test_a_killed_rebuild_goes_on_and_no_search_finds_nothing(command, engine_url, engine, name, home, tmp_path):
    count = 600
    file = catalogue_of(tmp_path / "a.jsonl", count)
    first = ended(command(str(file)))
    assert first["indexed"] == count
    new = catalogue_of(tmp_path / "b.jsonl", count, brand="New brand")

    counts: list[int] = []
    done = threading.Event()

    def search() -> None:
        with Engine(ClusterConfig(engine_url, timeout_s=60)) as own:
            while not done.is_set():
                answer = own.search(name, {"size": 0, "track_total_hits": True})
                counts.append(answer["hits"]["total"]["value"])

    searcher = threading.Thread(target=search)
    searcher.start()
    try:
        live = catalogues.lookup(engine, name).index
        kill_after(command(str(new), "--rebuild"), engine, f"hybridrank-catalogue.en.{name}.*2", 1)
        assert catalogues.lookup(engine, name).index == live
        (unfinished,) = set(catalogues.lookup(engine, name).generations) - {live}
        summary = ended(command(str(new), "--rebuild"))
        seen, until = len(counts), time.monotonic() + 200
        while len(counts) < seen + 3 and searcher.is_alive():
            assert time.monotonic() < until, "the searches stand still"
            time.sleep(0.02)
    finally:
        done.set()
        searcher.join()
    assert set(counts) == {count}
    assert summary["rebuilt"]
    assert summary["unchanged"] >= 1
    assert summary["indexed"] + summary["unchanged"] == summary["read"] == count
    found = catalogues.lookup(engine, name)
    assert (found.index, found.generations) == (unfinished, (unfinished,))
    assert writes(engine, name) == count
    assert all(hit["_source"]["brand"] == "New brand" for hit in stored(engine, name).values())
    assert not list((home / "state" / "index" / name).glob("rebuild*"))

    # the same texts once more: every vector is taken over from the generation before
    again = ended(command(str(new), "--rebuild"))
    assert (again["indexed"], again["encoded"], again["reused_vectors"]) == (count, 0, count)


def test_a_rebuild_of_other_files_does_not_go_on_with_what_was_left(command, engine, name, tmp_path):
    ended(command(str(write(tmp_path / "a.jsonl", [product(1)]))))
    killed = catalogue_of(tmp_path / "b.jsonl", COUNT)
    kill_after(command(str(killed), "--rebuild"), engine, f"hybridrank-catalogue.en.{name}.*2", 1)
    summary = ended(command(str(write(tmp_path / "c.jsonl", [product(2)])), "--rebuild"))
    assert (summary["read"], summary["indexed"]) == (1, 1)
    assert set(stored(engine, name)) == {"p2"}
    assert len(catalogues.lookup(engine, name).generations) == 1


def test_the_command_reads_standard_input_and_tells_by_its_status(command, engine, name, tmp_path):
    process = command("-", stdin=subprocess.PIPE)
    out, err = process.communicate('{"id":"1","title":"a"}\n{"id":"2","title":"b","price":-3}\n', timeout=400)
    assert process.returncode == 3, err
    assert "<stdin>:2: price: must not be negative" in err
    summary = json.loads(out)
    assert (summary["read"], summary["indexed"], summary["dead_lettered"]) == (2, 1, 1)
    assert ended(command(summary["dead_letters"]), 3)["dead_lettered"] == 1

    for arguments, status, said in (
        ((), 2, "FILE: give at least one"),
        ((str(tmp_path / "absent.jsonl"),), 1, "cannot be read"),
        ((str(tmp_path),), 1, "is not a file"),
    ):
        refused = command(*arguments)
        assert said in refused.communicate(timeout=60)[1]
        assert refused.returncode == status


@pytest.mark.slow
def test_chinese_gets_the_chinese_encoder(command, engine, name, tmp_path):
    file = write(tmp_path / "a.jsonl", [{"id": "1", "title": "红色运动鞋"}, {"id": "2", "title": "蓝色帽子"}])
    summary = ended(command(str(file), "--language", "zh"))
    assert (summary["indexed"], summary["language"], summary["encoder"]) == (2, "zh", "bge-small-zh-v1.5")
    found = catalogues.lookup(engine, name)
    assert found.language == "zh"
    assert found.text_encoder.name == "bge-small-zh-v1.5"
    hits = engine.search(name, {"query": {"match": {"title": "运动"}}})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["1"]
    # later runs need not say it again
    assert ended(command(str(file)))["unchanged"] == 2
