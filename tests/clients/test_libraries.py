"""Client libraries as they are, pointed at the service; they live in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_service import Running

from .ask import LIBRARIES

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1200)]

PACKAGES = (
    "cohere==5.21.1",
    "langchain-cohere==0.6.0",
    "langchain-community==0.4.2",
    "litellm==1.110.2",
    "llama-index-postprocessor-cohere-rerank==0.10.0",
    "llama-index-postprocessor-jinaai-rerank==0.6.0",
    "llama-index-postprocessor-tei-rerank==0.6.0",
)
ASK = Path(__file__).with_name("ask.py")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the libraries; ``CLIENTS_PYTHON`` names one that is there."""
    given = os.environ.get("CLIENTS_PYTHON")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("clients")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    made = folder / "bin" / "python"
    subprocess.run([str(made), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *PACKAGES], check=True)
    return made


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_unchanged_library_finds_the_best_text(python: Path, service: Running, tmp_path: Path, library: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches a price list
    }
    run = subprocess.run(
        [str(python), "-W", "ignore", str(ASK), library, service.url],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.splitlines()[-1] == "best: 1"
