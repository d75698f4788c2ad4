"""The commands and requests that the pages show as forms and examples, filled in and run against a real engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from plugin.engine.ports import free_ports
from ranker.folder import DEFAULT_MODEL
from service.settings import Settings
from tests.documents import ALL, ROOT, Block, forms
from tests.fixtures_service import Running, start_service

from .document_shell import run
from .shown_commands import SCRIPTS, Script

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(3600)]

INDEX = "products"
AROUND = r"""
call() {
  local body=()
  if [ -n "${3:-}" ]; then body=(--header 'Content-Type: application/json' --data "$3"); fi
  curl --silent --show-error --fail-with-body --request "$1" "${body[@]}" ${4:+--header "$4"} "$SERVICE$2"
}
pick() { python -c "import json, sys; print(json.load(sys.stdin)$1)"; }
fresh() {
  local old=$HYBRIDRANK_HOME
  export HYBRIDRANK_HOME=$PWD/home
  mkdir -p home/engine
  chmod 755 . home
  ln -s "$old/models" home/models
  ln -s "$old/engine/downloads" home/engine/downloads
}
"""


class Shop:
    """The sample shop in the engine, with a service and a home of its own."""

    def __init__(self, engine_url: str, folder: Path) -> None:
        self.files, self.home = folder / "files", folder / "home"
        models = Settings().home / "models"
        (self.home / "models").mkdir(parents=True)
        for one in models.iterdir():
            if one.name != "rankers":
                (self.home / "models" / one.name).symlink_to(one)
        (self.home / "engine").mkdir()
        (self.home / "engine" / "downloads").symlink_to(Settings().home / "engine" / "downloads")
        self.environment = {
            "OPENSEARCH_URL": engine_url,
            "HYBRIDRANK_HOME": str(self.home),
            # How fast the machine is decides nothing here.
            "HYBRIDRANK_RERANK_BUDGET_MS": "60000",
            "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "90",
            "DEFAULT_MODEL": str(DEFAULT_MODEL),
        }
        self._hybridrank("sample", str(self.files), "--products", "300", "--queries", "60", "--shoppers", "60")
        until_now(self.files / "events.jsonl")
        self._hybridrank("install", "--no-plugin")
        self._hybridrank("index", str(self.files / "products.jsonl"), "--index", INDEX, "--rebuild")
        self._hybridrank("events", str(self.files / "events.jsonl"), "--index", INDEX)
        self._hybridrank("keys", "person-key")
        products = [json.loads(line) for line in (self.files / "products.jsonl").read_text("utf-8").splitlines()]
        self.environment |= {
            "ITEM": products[0]["id"],
            "OTHER": products[1]["id"],
            "QUERY": (self.files / "queries.tsv").read_text("utf-8").splitlines()[0].split("\t")[1],
        }
        self.service: Running = start_service(folder, "--demo", **self.environment)

    def _hybridrank(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "service", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def run(self, text: str, folder: Path) -> str:
        """Run a script in a new folder with the shop's files."""
        shutil.copytree(self.files, folder)
        (port, serves) = free_ports(2)
        environment = {"SERVICE": self.service.url, "FREE_PORT": str(port), "SERVICE_PORT": str(serves)}
        return run(AROUND + text, folder, **self.environment, **environment)


def until_now(events: Path) -> None:
    """Move a log in time, so that it ends at this moment: what shows itself of the last days needs some."""
    lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    times = [datetime.fromisoformat(line["timestamp"]) for line in lines]
    later = datetime.now(UTC) - max(times)
    for line, time in zip(lines, times, strict=True):
        line["timestamp"] = (time + later).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    events.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


@pytest.fixture(scope="module")
def shop(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(engine_url, tmp_path_factory.mktemp("shown"))
    yield shop
    assert shop.service.stop() == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_what_is_shown_runs(script: Script, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    tmp_path.chmod(0o755)
    said = shop.run(f"{files_of(script)}{script.text}", folder)
    for form in forms():
        if form.text == script.forms[0] and form.answer is not None:
            assert json.loads(said.strip().splitlines()[-1]) == json.loads(form.answer)


def files_of(script: Script) -> str:
    """The commands that write the files that the script's pages show."""
    pages = {form.page for form in forms() if form.text in script.forms}
    titled = [block for block in ALL if block.page in pages and block.title is not None]
    return "".join(f"cat > '{block.title}' <<'END OF FILE'\n{block.text}END OF FILE\n" for block in titled)


def http_block(part: str) -> Block:
    (found,) = [one for one in ALL if one.page == "docs/http.md" and one.language == "json" and part in one.text]
    return found


def test_the_search_that_is_shown_is_answered(shop: Shop) -> None:
    body = json.loads(http_block('"facets": ["category", "price"]').text)
    answer = httpx.post(shop.service.url + "/v1/search", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["facets"]) == {"category", "price"}


def test_the_problem_that_is_shown_is_answered(shop: Shop) -> None:
    body = {"query": "boots", "filters": {"price": {"gte": "cheap"}}}
    answer = httpx.post(shop.service.url + "/v1/search", json=body, timeout=120)
    shown = json.loads(http_block("urn:hybridrank:problem").text)
    assert {name: value for name, value in answer.json().items() if name in shown} == shown


def test_the_letter_that_is_shown_is_what_a_bad_line_leaves(shop: Shop, tmp_path: Path) -> None:
    (block,) = [one for one in ALL if one.page == "docs/indexing.md" and one.language == "json"]
    shown = json.loads(block.text.replace("…", ""))
    shop.run(
        'echo \'{"id": "a", "title": "A", "price": -1}\' > p.jsonl; hybridrank index p.jsonl || true', tmp_path / "f"
    )
    (letters,) = (shop.home / "deadletters").rglob("*.jsonl*")
    assert list(json.loads(letters.read_text("utf-8").splitlines()[-1])) == list(shown)
