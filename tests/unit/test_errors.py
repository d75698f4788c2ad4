"""Every error says what is wrong, where, and what to do: the kinds of answers, and the classes of each room."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
import typer

from indexer import errors as indexer_errors
from multimodal import errors as multimodal_errors
from personal import errors as personal_errors
from plugin import errors as plugin_errors
from ranker import errors as ranker_errors
from service.cli.console import one_line_errors
from service.problems import ELSEWHERE, Problem, of_error
from tests.documents import ROOT

ROOMS = (indexer_errors, multimodal_errors, personal_errors, plugin_errors, ranker_errors)
CLASSES = [
    found
    for room in ROOMS
    for _, found in inspect.getmembers(room, inspect.isclass)
    if issubclass(found, Exception) and found.__module__ == room.__name__
]
ROOTS = {personal_errors.PersonalError, ranker_errors.RankerError}
"""Never raised themselves."""
OWN_WORDS = {
    "EventRejected": ("price", "expected a number"),
    "RuleRejected": ("price", "expected a number"),
    "JudgmentRejected": ("price", "expected a number"),
    "InvalidQuery": ("price", "expected a number"),
    "UnknownCatalogue": ("shop",),
}
"""Classes that take a field and a reason, and what they are made of here; the reason says what is expected."""
FRAMEWORK = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request-entity-too-large",
}
"""What the framework refuses by itself."""


def raised() -> Iterator[tuple[int, str]]:
    """(status, kind) of every problem that the service's source makes of constants."""
    for path in sorted((ROOT / "service").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                first = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                if len(first) == 2:
                    yield int(first[0]), str(first[1])
    for status, kind, _ in ELSEWHERE.values():
        yield status, kind
    for refused, kind in FRAMEWORK.items():
        yield int(refused), kind


def documented() -> dict[tuple[int, str], tuple[str, str]]:
    text = (ROOT / "docs" / "http.md").read_text("utf-8").split("## Errors\n")[1]
    rows = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {(int(status), kind): (wrong.strip(), do.strip()) for status, kind, wrong, do in rows}


def test_every_kind_of_problem_stands_in_the_table_with_what_to_do() -> None:
    table = documented()
    assert set(raised()) == set(table)
    assert len(table) > 30
    assert all(len(wrong) > 5 and len(do) > 5 for wrong, do in table.values())


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_class_of_errors_says_what_to_do_where_its_message_does_not(kind: type[Exception], capsys) -> None:
    if kind in ROOTS:
        return
    given = OWN_WORDS.get(kind.__name__)
    if given is None:
        hint = str(getattr(kind, "hint", ""))
        assert len(hint) > 10, "a class without words of its own needs a hint"
        for page in re.findall(r"docs/[\w/-]+\.md", hint):
            assert (ROOT / page).is_file()
        # The command line adds it, but for messages that say it themselves.
        error = kind(502, "no") if kind is plugin_errors.EngineRejected else kind("shelf: is broken")
        own = kind(502, "no; do this") if kind is plugin_errors.EngineRejected else kind("shelf: is broken; do this")
        for raised_, ends in ((error, hint), (own, "do this")):
            with pytest.raises(typer.Exit), one_line_errors():
                raise raised_
            said = capsys.readouterr().err
            assert said.rstrip("\n").endswith(ends)
            assert said.count("\n") == 1
        return
    said = str(kind(*given))
    assert all(part in said for part in given)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_what_the_service_answers_for_an_error_is_a_sentence(kind: type[Exception]) -> None:
    given = OWN_WORDS.get(kind.__name__, (502, "no") if kind is plugin_errors.EngineRejected else ("secret words",))
    problem = of_error(kind(*given))
    if problem is not None:
        assert isinstance(problem, Problem)
        assert len(problem.detail) > 10
        assert problem.kind in {name for _, name in documented()}


DOES = re.compile(
    r"; |\b(?:give|name|set|use|take|expected|at most|at least|one of|needs?|needed|only with|install|put|restore|unset"
    r"|wait for|repeat|the same command goes on|to say so)\b|hybridrank [a-z]"
)
"""A remedy: what is expected, or what to do."""
OWN = {"AllowanceError", "DemoError", "Exposed", "KeysError", "LoopError", "ModelFixed", "PolicyError", "TooFewChoices"}
"""The service's own errors, whose message is all that is said."""
TOLD = {"stopped", "setting {}", "hybridrank.toml: {}"}
"""No error, or another's words with the name of the field before them."""


def said() -> Iterator[tuple[str, str]]:
    """(file, message) of everything that a command of ours ends with, with ``{}`` for what is filled in."""
    for path in sorted((ROOT / "service").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "fail" or name in OWN:
                text = _text(node.args[0])
                if re.search(r"[a-z]{3}", text):  # else another's words are passed on
                    yield path.name, text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(map(_text, node.values)) if isinstance(node, ast.JoinedStr) else "{}"


def test_every_message_of_a_command_says_what_to_do() -> None:
    found = [(file, text) for file, text in said() if text not in TOLD]
    assert len(found) > 60
    assert [one for one in found if not DOES.search(one[1])] == []


def test_a_problem_is_short_whatever_a_field_is_called():
    names = ["é" * 100_000, "e\u0301" * 50_000, "\x00" * 9_000, "名" * 300, "x" * 300]
    found = Problem(422, "invalid-request", names[0], [(name, "Field required") for name in names * 9])
    assert len(found.text()) < 8_000
    assert [one["field"][0] for one in json.loads(found.text())["errors"][:5]] == [name[0] for name in names]
    plain = Problem(422, "invalid-request", "名称: 不能为空", [("名称", "é" * 10)]).body()
    assert plain["detail"] == "名称: 不能为空"
    assert plain["errors"] == [{"field": "名称", "reason": "é" * 10}]
