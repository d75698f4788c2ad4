"""Artifacts through the user's own Maven, so that mirrors and proxies in ``settings.xml`` are honoured."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from ..errors import LocalNodeError
from .manifest import split

Downloaded = Callable[[str], None]
"""Called with the file name of each artifact that Maven has just downloaded."""

PATIENCE = (
    "-Dmaven.wagon.rto=60000",
    "-Dmaven.wagon.http.retryHandler.count=5",
    "-Daether.connector.requestTimeout=60000",
    "-Daether.connector.http.retryHandler.count=5",
)
"""A repository that stalls or breaks off is asked again. Without these Maven waits half an hour for its next byte; the
first two are read by Maven 3.8 and older, the others by 3.9 and newer."""

HEAD = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'


def find_maven() -> str:
    """The path of ``mvn``; raises :class:`LocalNodeError` when there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise LocalNodeError(
            "missing: Maven (mvn), which fetches the local OpenSearch (Debian: apt-get install maven); "
            "or set OPENSEARCH_URL to a cluster that you have"
        )
    return found


def copy(
    coordinates: Sequence[str],
    into: Path,
    plugin: str,
    *,
    repository: Path | None = None,
    downloaded: Downloaded | None = None,
) -> dict[str, Path]:
    """Copy artifacts out of Maven's repository, downloading what it lacks.

    Args:
        coordinates: ``group:artifact:version[:type]``.
        into: a folder that exists; it gets ``pom.xml`` and one folder per artifact.
        plugin: coordinates of the Maven plugin that copies.
        repository: a local repository to use in place of the user's own.

    Returns:
        for each of the coordinates the file.

    Raises:
        LocalNodeError: Maven is missing or could not fetch one of them.
    """
    items, files = [], {}
    for number, one in enumerate(coordinates):
        group, artifact, version, kind = split(one)
        folder = into / str(number)
        files[one] = folder / f"{artifact}-{version}.{kind}"
        items.append(
            f"<artifactItem><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            f"<type>{kind}</type><outputDirectory>{escape(str(folder))}</outputDirectory></artifactItem>"
        )
    group, artifact, version, _ = split(plugin)
    pom = into / "pom.xml"
    pom.write_text(
        f"{HEAD}<groupId>local</groupId><artifactId>fetch</artifactId><version>1</version><packaging>pom</packaging>"
        f"<build><plugins><plugin><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version><configuration><artifactItems>{''.join(items)}</artifactItems></configuration>"
        "</plugin></plugins></build></project>",
        "utf-8",
    )
    run(pom, f"{plugin}:copy", repository=repository, downloaded=downloaded)
    return files


def run(
    pom: Path,
    goal: str,
    *arguments: str,
    repository: Path | None = None,
    downloaded: Downloaded | None = None,
) -> None:
    """Run one goal; raises :class:`LocalNodeError` with Maven's own first words on failure."""
    command = [find_maven(), "--batch-mode", "--update-snapshots", "--file", str(pom), *PATIENCE, goal, *arguments]
    if repository is not None:
        command.append(f"-Dmaven.repo.local={repository}")
    errors: list[str] = []
    with subprocess.Popen(
        command, cwd=pom.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("[ERROR]"):
                errors.append(line.removeprefix("[ERROR]").strip())
            words = line.split()
            if downloaded and "Downloaded" in words and any(word.endswith((".jar", ".zip")) for word in words):
                downloaded(next(word for word in words if word.endswith((".jar", ".zip"))).rpartition("/")[2])
    if process.returncode != 0:
        reason = next(filter(None, errors), f"exit status {process.returncode}")
        raise LocalNodeError(f"Maven could not fetch the local OpenSearch: {reason}")
