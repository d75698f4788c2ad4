"""The OpenAPI document before linters and generators that others use; each in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import Settings
from tests.fixtures_service import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as a file."""
    file = tmp_path_factory.mktemp("openapi") / "openapi.json"
    file.write_text(json.dumps(create_app(Settings(), demo=True).spec))
    return file


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the linters."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    folder = tmp_path_factory.mktemp("node")
    packages = ["@redocly/cli@2", "@stoplight/spectral-cli@6"]
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *packages], cwd=folder, check=True)
    return folder / "node_modules" / ".bin"


def test_redocly_finds_nothing(document: Path, node: Path) -> None:
    run = subprocess.run(
        [str(node / "redocly"), "lint", str(document), "--format=json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=document.parent,
        env={**os.environ, "REDOCLY_TELEMETRY": "off"},
    )
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout[run.stdout.index("{") :])["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


def test_spectral_finds_nothing(document: Path, node: Path) -> None:
    rules = document.with_name(".spectral.yaml")
    rules.write_text('extends: ["spectral:oas"]\n')
    run = subprocess.run(
        [str(node / "spectral"), "lint", str(document), "--ruleset", str(rules), "--fail-severity", "warn"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.engine
def test_a_generated_client_searches(document: Path, service: Running, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    bin_folder = tmp_path / "venv" / "bin"
    pip = [str(bin_folder / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "openapi-python-client", "ruff"], check=True)
    made = subprocess.run(
        [
            str(bin_folder / "openapi-python-client"),
            *("generate", "--path", str(document), "--output-path", str(tmp_path / "generated"), "--meta", "none"),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"},
    )
    assert "warning" not in (made.stdout + made.stderr).lower(), made.stdout
    script = (
        "import sys\n"
        "from generated import Client\n"
        "from generated.api.search import post_search_search\n"
        "from generated.models import SearchBody\n"
        "client = Client(base_url=sys.argv[1], timeout=120)\n"
        "found = post_search_search.sync(client=client, body=SearchBody(query='lamp', size=3))\n"
        "print([result.rank for result in found.results])\n"
    )
    run = subprocess.run(
        [str(bin_folder / "python"), "-c", script, service.url],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )
    assert run.stdout == "[1, 2, 3]\n", run.stderr
