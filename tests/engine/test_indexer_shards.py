"""Shares of a catalogue, indexed by runs of their own, are together what one run makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from indexer import Summary, run
from indexer.errors import CatalogueError, IndexingFailed
from indexer.sharding import Share, parse_share
from plugin import catalogue as catalogues
from service.settings import Settings
from tests.engine.fault_schedule import Known, Lines, lines_of
from tests.engine.indexer_help import engine, name, product, stored, write, writes

pytestmark = pytest.mark.engine
FIXTURES = (engine, name)
COUNT = 3
NUMBERS = ("read", "indexed", "unchanged", "duplicates", "dead_lettered", "encoded", "newer")


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    return lines_of(tmp_path / "catalogue.jsonl", 4, 400)


@pytest.fixture
def indexed(engine, name, tmp_path) -> Callable[..., Summary]:
    """Index, each share as if on a machine of its own."""

    def call(file: Path, share: Share | None = None, **more: Any) -> Summary:
        home = tmp_path / f"home-{share.number if share else 0}"
        return run([file], engine=engine, catalogue=name, home=home, encoder=Known(), share=share, **more)

    return call


def content(engine, name) -> dict[str, Any]:
    return {key: hit["_source"] for key, hit in stored(engine, name).items()}


def shares() -> list[Share]:
    return [Share(number, COUNT) for number in range(1, COUNT + 1)]


def test_shares_that_start_at_once_are_together_what_one_run_makes(indexed, engine, name, lines):
    with ThreadPoolExecutor(COUNT) as pool:
        parts = list(pool.map(lambda share: indexed(lines.path, share), shares()))
    assert sum(part.created for part in parts) == 1
    assert all(part.read > 50 for part in parts)
    together = content(engine, name)
    assert set(together) == lines.ids
    assert writes(engine, name) == len(lines.ids)
    assert len(catalogues.lookup(engine, name).generations) == 1

    again = indexed(lines.path)
    assert (again.indexed, again.encoded) == (0, 0)
    alone = indexed(lines.path, rebuild=True)
    assert content(engine, name) == together
    for number in NUMBERS:
        if number != "encoded":  # the rebuild takes the vectors over
            assert sum(getattr(part, number) for part in parts) == getattr(alone, number)
    assert sum(part.encoded for part in parts) == len(lines.ids)


def test_a_rebuild_in_shares_is_published_by_the_last(indexed, engine, name, lines, tmp_path):
    indexed(write(tmp_path / "old.jsonl", [product(1), product(100_000)]))
    live = catalogues.lookup(engine, name).index
    first, second, third = shares()
    assert indexed(lines.path, first, rebuild=True).shares_to_come == 2
    assert indexed(lines.path, third, rebuild=True).shares_to_come == 1
    repeated = indexed(lines.path, first, rebuild=True)
    assert (repeated.indexed, repeated.encoded, repeated.shares_to_come) == (0, 0, 1)
    assert catalogues.lookup(engine, name).index == live
    assert set(stored(engine, name)) == {"p1", "p100000"}
    last = indexed(lines.path, second, rebuild=True)
    assert (last.rebuilt, last.shares_to_come) == (True, 0)
    found = catalogues.lookup(engine, name)
    assert found.index != live
    assert found.generations == (found.index,)
    assert set(stored(engine, name)) == lines.ids
    assert set(engine.request("GET", f"/{found.index}/_alias")[found.index]["aliases"]) == {name}


def test_shares_of_a_rebuild_that_end_at_once(indexed, engine, name, lines):
    with ThreadPoolExecutor(COUNT) as pool:
        parts = list(pool.map(lambda share: indexed(lines.path, share, rebuild=True), shares()))
    assert any(part.rebuilt for part in parts)
    assert set(stored(engine, name)) == lines.ids
    assert len(catalogues.lookup(engine, name).generations) == 1


def test_a_share_of_other_files_does_not_complete_a_rebuild(indexed, engine, name, lines, tmp_path):
    other = write(tmp_path / "other.jsonl", [product(n) for n in range(30)])
    first, second = Share(1, 2), Share(2, 2)
    assert indexed(lines.path, first, rebuild=True).shares_to_come == 1
    assert indexed(other, second, rebuild=True).shares_to_come == 1
    assert indexed(other, first, rebuild=True).rebuilt
    assert set(stored(engine, name)) == {f"p{n}" for n in range(30)}


def test_a_rebuild_of_nothing_but_bad_lines_is_not_published(indexed, engine, name, tmp_path):
    indexed(write(tmp_path / "old.jsonl", [product(1)]))
    bad = write(tmp_path / "bad.jsonl", [product(n, price=-1) for n in range(4)])
    assert indexed(bad, Share(1, 2), rebuild=True).shares_to_come == 1
    with pytest.raises(IndexingFailed, match="stays as it was"):
        indexed(bad, Share(2, 2), rebuild=True)
    assert set(stored(engine, name)) == {"p1"}


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/2", "1/0"])
def test_a_share_that_cannot_be_is_named(text):
    with pytest.raises(CatalogueError, match=r"--shard: expected I/N"):
        parse_share(text)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (the extra ray)")
def test_ray_workers_index_what_one_run_does(engine_url, engine, name, tmp_path, indexed):
    lines = lines_of(tmp_path / "catalogue.jsonl", 5, 300)
    models = Settings().home / "models"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(models)

    def command(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", "index", str(file), "--index", name, "--json", "--ray", "2", *arguments],
            env={**os.environ, "OPENSEARCH_URL": engine_url, "HYBRIDRANK_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )

    done = command(lines.path)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert (told["read"], told["indexed"], told["dead_lettered"]) == (lines.count, len(lines.ids), lines.bad)
    assert set(stored(engine, name)) == lines.ids
    again = command(lines.path, "--rebuild")
    told = json.loads(again.stdout)
    assert (told["rebuilt"], told["encoded"], told["indexed"]) == (True, 0, len(lines.ids)), again.stderr
    absent = command(tmp_path / "absent.jsonl")
    assert absent.returncode == 1
    assert "absent.jsonl: cannot be read" in absent.stderr.splitlines()[-1]
