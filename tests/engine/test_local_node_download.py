"""Downloads of the local node: what is broken is noticed and mended, wherever it broke."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from plugin.engine.download import fetch, is_whole
from plugin.engine.manifest import Artifact, Manifest, artifacts_of, load
from plugin.errors import LocalNodeError

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load()


@pytest.fixture(scope="module")
def smallest(manifest: Manifest) -> tuple[Artifact, ...]:
    """Two small artifacts: enough to see that each is handled by itself."""
    return tuple(sorted(artifacts_of(manifest.components), key=lambda a: a.size)[:2])


def test_truncated_altered_and_missing_downloads_are_mended(
    tmp_path: Path, manifest: Manifest, smallest: tuple[Artifact, ...]
) -> None:
    seen: list[tuple[str, int, int]] = []
    fetch(smallest, tmp_path, manifest.maven_plugin)
    first, second = (tmp_path / artifact.path for artifact in smallest)
    whole = first.read_bytes()
    first.write_bytes(whole[:-100])
    altered = bytearray(second.read_bytes())
    altered[len(altered) // 2] ^= 1
    second.write_bytes(altered)
    left_by_a_crash = tmp_path / "fetch-crashed"
    left_by_a_crash.mkdir()
    fetch(smallest, tmp_path, manifest.maven_plugin, lambda *step: seen.append(step))
    assert all(is_whole(tmp_path / artifact.path, artifact) for artifact in smallest)
    assert first.read_bytes() == whole
    assert seen[-1] == ("fetching OpenSearch", 2, 2)
    assert not left_by_a_crash.exists()


@pytest.mark.slow
def test_a_broken_file_in_the_maven_repository_is_fetched_anew(
    tmp_path: Path, manifest: Manifest, smallest: tuple[Artifact, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    monkeypatch.setenv("MAVEN_OPTS", f"-Dmaven.repo.local={repository}")
    fetch(smallest[:1], tmp_path / "one", manifest.maven_plugin)
    (cached,) = repository.rglob(smallest[0].filename)
    cached.write_bytes(cached.read_bytes()[:100])
    fetch(smallest[:1], tmp_path / "two", manifest.maven_plugin)
    assert is_whole(tmp_path / "two" / smallest[0].path, smallest[0])
    assert cached.stat().st_size == 100, "the user's own repository is not ours to change"


def test_a_file_that_is_not_the_manifest_s_is_never_kept(
    tmp_path: Path, manifest: Manifest, smallest: tuple[Artifact, ...]
) -> None:
    wanted = smallest[0].model_copy(update={"sha256": "0" * 64})
    with pytest.raises(LocalNodeError, match="wrong checksum") as caught:
        fetch((wanted,), tmp_path, manifest.maven_plugin)
    assert wanted.coordinates in str(caught.value)
    assert not (tmp_path / wanted.path).exists()


def test_maven_s_own_reason_is_passed_on(tmp_path: Path, manifest: Manifest) -> None:
    unknown = Artifact(coordinates="org.opensearch:no-such-artifact:0.0.0", sha256="0" * 64, size=1)
    with pytest.raises(LocalNodeError, match=r"Maven could not fetch .*no-such-artifact") as caught:
        fetch((unknown,), tmp_path, manifest.maven_plugin)
    assert "\n" not in str(caught.value)


def test_two_fetches_at_once_keep_apart(tmp_path: Path, smallest: tuple[Artifact, ...]) -> None:
    script = (
        "import sys, json, pathlib; from plugin.engine.download import fetch; from plugin.engine.manifest import *;"
        "wanted = json.loads(sys.argv[2]);"
        "fetch(tuple(Artifact(**one) for one in wanted), pathlib.Path(sys.argv[1]), load().maven_plugin)"
    )

    wanted = json.dumps([artifact.model_dump() for artifact in smallest])
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), wanted]) for _ in range(2)]
    assert [process.wait(400) for process in both] == [0, 0]
    assert all(is_whole(tmp_path / artifact.path, artifact) for artifact in smallest)
