"""What the command line cannot read is said in one line, as every other failure is."""

from __future__ import annotations

import importlib.util

import pytest
from typer.testing import CliRunner

from service.cli import build


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["search"], "Missing argument 'query'"),
        (["serch"], "No such command 'serch'"),
        (["search", "tent", "--nonsense"], "No such option: --nonsense"),
        (["engine", "start", "--nodes", "99"], "'--nodes'"),
        (["index", "--language"], "'--language' requires an argument"),
    ],
)
def test_a_command_that_cannot_be_read_is_one_line(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(build(), arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("hybridrank: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    absent = tmp_path / "queries.tsv"
    done = CliRunner().invoke(
        build(), ["evaluate", "--queries", str(absent), "--qrels", str(absent), "--system", "bm25"]
    )
    assert done.exit_code == 1
    assert done.stderr == f"hybridrank: {absent}: No such file or directory\n"


@pytest.mark.parametrize("absent", ["torch", "captum", "lime"])
def test_other_methods_than_shapley_values_say_what_they_need(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == absent else there(name))
    done = CliRunner().invoke(build(), ["explain", "tent", "p1", "--method", "lime"])
    assert done.exit_code == 2
    assert f"need {absent}, which the 'train' extra brings: pip install 'hybridrank[train]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["engine"], ["search", "--help"]])
def test_help_is_help(arguments: list[str]) -> None:
    assert "Usage:" in CliRunner().invoke(build(), arguments).stdout
