"""The commands of the pages run as they stand there, one page after the other, against a real engine.

``sh`` blocks are run as they are, blocks with a title are the files that they use. What is around them is a folder
with the sample shop, an OpenSearch, and ``hybridrank`` on the path.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from plugin.engine.ports import free_ports
from service.settings import Settings
from tests.documents import ALL, ROOT

from .document_shell import run

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


def script(page: str, engine_url: str) -> str:
    """A page's commands as one shell script."""
    commands = "\n".join(block.text for block in ALL if block.page == page and block.language == "sh")
    for example in ("https://user:password@search.example:9200", "http://127.0.0.1:9200"):
        commands = commands.replace(example, engine_url)
    return commands


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
        "OPENSEARCH_URL": engine_url,
        "OLD_URL": engine_url,
        "HYBRIDRANK_HOME": str(home),
        "SERVICE_PORT": str(free_ports(1)[0]),
    }
    run(script(page, engine_url), folder, **environment)
