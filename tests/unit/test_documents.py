"""What the pages show is as the code has it: commands and their options, make targets, JSON, Python, other pages."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
from typer.main import get_command

from service.cli import build
from tests.documents import ALL, PAGES, ROOT, Block, forms
from tests.engine.shown_commands import MEASURES, NOT_RUN, SCRIPTS, TESTED

OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*(?=$|[\s=\],|)])")
WORD = re.compile(r"[a-z][a-z-]*")
QUOTED = re.compile(r"`(hybridrank [^`\n]+)`")
CLI = get_command(build())


def options_after(words: list[str]) -> set[str] | None:
    """The options that may follow: the command's; with ``set | list`` those of each; ``None`` for no such command."""
    group, found, words = CLI, CLI, list(words)
    while hasattr(found, "commands") and words and words[0] in found.commands:
        group, found = found, found.commands[words.pop(0)]
    if found is CLI or (hasattr(found, "commands") and words and WORD.fullmatch(words[0])):
        return None
    several = found if hasattr(found, "commands") else group if "|" in words and group is not CLI else None
    return set().union(*map(options, several.commands.values())) if several else options(found)


def options(command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help",
        "-h",
    }


def shown():
    """Every place where a page writes ``hybridrank ...``: (page, the line from there on)."""
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        name, text = str(page.relative_to(ROOT)), page.read_text("utf-8")
        fenced = [block.text.replace("\\\n", " ") for block in ALL if block.page == name]
        lines = [line for block in fenced for line in block.splitlines()]
        for line in [*lines, *(match[1] for match in QUOTED.finditer(text))]:
            match = re.match(r"(?:[A-Z_]+=\S+ )*hybridrank ([a-z][^#>]*)", line)
            if match is not None:
                yield name, match[1].strip()


def test_every_command_that_is_shown_exists_with_its_options():
    count = 0
    for page, line in shown():
        known = options_after(line.replace("|", " | ").split())
        assert known is not None, f"{page}: no such command: hybridrank {line}"
        for option in OPTION.findall(line):
            assert option in known, f"{page}: {option} is no option: hybridrank {line}"
            count += 1
    assert count > 60


def test_what_does_not_exist_is_noticed():
    assert options_after(["nonsense"]) is None
    assert options_after(["keys", "nonsense"]) is None
    assert "--rebuild" not in (options_after(["search", "boots"]) or ())


def test_every_make_target_that_is_shown_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z-]+)", page.read_text("utf-8")):
            assert target in targets, f"{page.name}: make {target}"
    for block in ALL:
        for words in block.commands() if block.language == "sh" else ():
            if words[0] == "make":
                assert words[1] in targets, f"{block.page}: make {words[1]}"


def test_every_measurement_that_is_shown_exists():
    for page in PAGES:
        for name in re.findall(r"python -m (benchmarks(?:\.\w+)?)", page.read_text("utf-8")):
            assert importlib.util.find_spec(name) is not None, f"{page.name}: python -m {name}"


def test_every_test_that_is_named_exists():
    for page in PAGES:
        for name in re.findall(r"(?<![\w/])tests/[\w/]+\.py", page.read_text("utf-8")):
            assert (ROOT / name).is_file(), f"{page.name}: {name}"


def test_every_threat_names_tests_that_exist():
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) >= 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert re.search(rf"^def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), f"{file}::{test}"


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "json"], ids=lambda block: block.page)
def test_json_is_json(block: Block):
    # Two objects side by side are two values; an ellipsis stands for what is left out.
    text = block.text.strip().replace('"…', '"')
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        at = end + len(text[end:]) - len(text[end:].lstrip())


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "python"], ids=lambda block: block.page)
def test_python_is_python(block: Block):
    ast.parse(block.text)


def test_every_page_is_in_a_language_that_is_known():
    assert {block.language for block in ALL} <= {
        "",
        "sh",
        "json",
        "python",
        "csv",
        "tsv",
        "toml",
        "java",
        "nginx",
        "yaml",
        "js",
    }


def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "Your own catalogue" in home
    # Nothing that a page loads lies elsewhere.
    loads = re.compile(
        r'<(?:script|img|iframe|source)[^>]* src="(?:https?:)?//|<link[^>]* href="(?:https?:)?//[^>]*stylesheet'
    )
    for page in (tmp_path / "site").rglob("*.html"):
        assert loads.search(page.read_text("utf-8")) is None, page


def test_every_form_that_is_shown_is_run_or_says_why_not():
    run = {form for script in SCRIPTS for form in script.forms}
    known = run | set(NOT_RUN) | set(TESTED)
    there = {form.text: form.page for form in forms() if not form.text.startswith(MEASURES)}
    assert not {text: page for text, page in there.items() if text not in known}
    assert not known - set(there), "no page shows these any more"
    assert len(known) == sum(len(script.forms) for script in SCRIPTS) + len(NOT_RUN) + len(TESTED)
    for name in TESTED.values():
        assert (ROOT / name).is_file(), name
    # A command that is gone from a script is no longer run for its form.
    for script in SCRIPTS:
        for form in script.forms:
            words = [word for word in form.split() if not word.startswith(("-", "[", "<"))]
            start = " ".join(words[:2]) if words[0] == "hybridrank" else words[0]
            assert start.split("=")[0] in script.text.replace("call ", ""), (script.name, form)
