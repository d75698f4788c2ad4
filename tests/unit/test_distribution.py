"""What is built from the project holds all that it needs, installs, and runs away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from plugin.engine.ports import free_ports

ROOT = Path(__file__).parents[2]
ROOMS = ("service", "personal", "indexer", "plugin", "ranker", "multimodal")


def tracked() -> list[str]:
    """The files of the project, as paths from its root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the source distribution and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(built):
    (wheel,) = built.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    # What builds the plugin for OpenSearch stays in the source distribution.
    wanted = {name for name in tracked() if name.startswith(ROOMS) and not name.startswith("plugin/java/")}
    assert held == wanted


@pytest.mark.slow
def test_the_source_distribution_holds_licence_and_rooms(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {name.split("/", 1)[1] for name in opened.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= held
    assert {name for name in tracked() if name.startswith(ROOMS) and name.endswith(".py")} <= held


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_wheel_runs_away_from_the_checkout(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    bin_folder = tmp_path / "venv" / "bin"
    install = ["install", "--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run([bin_folder / "python", "-m", "pip", *install], check=True)
    home = tmp_path / "home"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"HYBRIDRANK_HOME": str(home), "OPENSEARCH_URL": "http://127.0.0.1:9"}

    def hybridrank(*words: str) -> str:
        command = [bin_folder / "hybridrank", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "rerank" in hybridrank("--help")
    hybridrank("sample", "shop", "--products", "20", "--queries", "5")
    assert len((tmp_path / "shop" / "products.jsonl").read_text("utf-8").splitlines()) == 20
    key = hybridrank("keys", "new", "--role", "shop").split()[-1]
    port = free_ports(1)[0]
    service = subprocess.Popen(
        [bin_folder / "hybridrank", "serve", "--port", str(port)], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
    )
    with service:
        try:
            answer = reranked(f"http://127.0.0.1:{port}", key, service)
        finally:
            service.terminate()
    assert [result["index"] for result in answer["results"]] == [1, 0]


def reranked(url: str, key: str, service: subprocess.Popen[bytes]) -> dict:
    """What ``/v1/rerank`` answers once the service listens; it needs no engine."""
    body = {"query": "rubber boots", "documents": ["a desk lamp", "rubber boots for the rain"]}
    for _ in range(240):
        assert service.poll() is None, service.stderr.read()
        try:
            answer = httpx.post(f"{url}/v1/rerank", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        assert answer.status_code == 200, answer.text
        return answer.json()
    raise AssertionError("the service does not listen")
