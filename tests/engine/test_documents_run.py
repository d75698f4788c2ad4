"""The commands of the pages run as they stand there, one page after the other, against a real engine.

``sh`` blocks are run as they are, blocks with a title are the files that they use. What is around them is a folder
with the sample shop, an OpenSearch, and ``hybridrank`` on the path.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from plugin.engine.ports import free_ports
from service.settings import Settings
from tests.documents import ALL, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(3600)]

ELSEWHERE = {
    "CONTRIBUTING.md": "makes what the other tests already stand on",
    "ranker/models/default/README.md": "makes the model that ships, of data that is not in the project, in 25 minutes",
    "docs/benchmarks.md": "measures on a catalogue that is not in the project; test_evaluate.py runs the command",
    "docs/growth.md": "measures for hours",
    "docs/scaling.md": "takes several machines; test_behind_nginx.py and test_indexer_shards.py run its commands",
    "docs/privacy-training.md": "trains on the log of a larger shop; test_private_training.py runs its commands",
}
"""Pages whose commands are not run here, and why."""

SHORTENED = {
    "train synthesise": "--queries 40",
    "train windows": "--per-signal 10 --unjudged 10",
    "train clicks": "--per-signal 10",
    "train finetune": "--epochs 0.2 --items 4",
    "train pretrain": "--epochs 0.2",
    "train tune": "--epochs 0.1 --trials 2 --minutes 0.1",
    "compress": "--epochs 0.05",
}
"""What makes training short here, after the options of the page: the last of an option counts."""

PRELUDE = r"""
set -euo pipefail
hybridrank() {
  case "$*" in SHORTENED
  esac
  if [ "$1" != serve ]; then "$PYTHON" -m service "$@"; return; fi
  "$PYTHON" -m service "$@" --port "$SERVICE_PORT" > serve.log 2>&1 &
  served=$!
  for _ in $(seq 600); do
    curl --silent --fail "http://127.0.0.1:$SERVICE_PORT/readyz" > ready.json && break
    kill -0 "$served" || { cat serve.log; exit 1; }
    sleep 0.5
  done
  test -s ready.json
  kill "$served"; wait "$served" || true
}
python() { "$PYTHON" "$@"; }
# Built and installed by tests of their own.
pip() { :; }
make() { :; }
"""


def script(page: str, engine_url: str) -> str:
    """A page's commands as one shell script."""
    commands = "\n".join(block.text for block in ALL if block.page == page and block.language == "sh")
    for example in ("https://user:password@search.example:9200", "http://127.0.0.1:9200"):
        commands = commands.replace(example, engine_url)
    cases = "".join(f'\n  "{name} "*) set -- "$@" {more};;' for name, more in SHORTENED.items())
    return PRELUDE.replace(" SHORTENED", cases) + commands


def an_older_shop(url: str) -> None:
    """An index as somebody else made it, for the page that moves one."""
    lines = []
    for number, name in enumerate(["Walking boot", "Rubber boot", "Lamp"]):
        source = {"name": name, "manufacturer": "Acme", "categories": ["Shoes"], "price": 10.5, "image_url": None}
        lines += [json.dumps({"index": {"_id": f"old{number}"}}), json.dumps(source)]
    httpx.post(
        f"{url}/old-products/_bulk?refresh=true",
        content="\n".join([*lines, ""]),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=60,
    ).raise_for_status()


RUN = sorted({block.page for block in ALL if block.language == "sh"} - set(ELSEWHERE))


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """The sample shop's files, small."""
    folder = tmp_path_factory.mktemp("shop")
    command = ["sample", str(folder), "--products", "300", "--queries", "60", "--shoppers", "60", "--days", "7"]
    subprocess.run([sys.executable, "-m", "service", *command], check=True, cwd=ROOT, capture_output=True)
    return folder


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_run(page, engine_url, sample, tmp_path):
    folder, home = tmp_path / "folder", tmp_path / "home"
    shutil.copytree(sample, folder)
    shutil.copy(folder / "events.jsonl", folder / "clicks.jsonl")
    (home / "engine").mkdir(parents=True)
    (home / "models").symlink_to(Settings().home / "models")
    (home / "engine" / "downloads").symlink_to(Settings().home / "engine" / "downloads")
    if page == "docs/howto/elasticsearch.md":
        an_older_shop(engine_url)
    for block in ALL:
        if block.page == page and block.title is not None:
            (folder / block.title).write_text(block.text, "utf-8")
    environment = {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "clients" / "python"))),
        "OPENSEARCH_URL": engine_url,
        "OLD_URL": engine_url,
        "HYBRIDRANK_HOME": str(home),
        "SERVICE_PORT": str(free_ports(1)[0]),
    }
    done = subprocess.run(
        ["bash", "-c", script(page, engine_url)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
