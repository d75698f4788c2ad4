"""The folder of downloads: every file in it is whole, or is not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ..errors import LocalNodeError
from . import maven
from .manifest import Artifact

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def quiet(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path, artifact: Artifact) -> bool:
    """Whether a file is the artifact that the manifest names, to the last bit."""
    return path.is_file() and path.stat().st_size == artifact.size and sha256_of(path) == artifact.sha256


def fetch(artifacts: tuple[Artifact, ...], downloads: Path, plugin: str, progress: Progress = quiet) -> None:
    """Make every artifact lie whole under ``downloads``.

    What is missing, cut short or altered is fetched anew. A file takes its place by rename after its
    checksum was found right, and a lock keeps two starts apart, so no moment and no crash leaves half a file.

    A wrong file may come from the user's Maven repository, where it would be found again and again. That
    repository is not ours to change, so such a file is fetched once more through an empty one.

    Raises:
        LocalNodeError: Maven is missing or fails, or a file is wrong twice.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    with FileLock(downloads / "lock"):
        missing = {a.coordinates: a for a in artifacts if not is_whole(downloads / a.path, a)}
        if not missing:
            return
        for left_by_a_crash in downloads.glob("fetch-*"):
            shutil.rmtree(left_by_a_crash)
        total = len(missing)
        names = {a.filename for a in missing.values()}
        progress("fetching OpenSearch", 0, total)

        def downloaded(name: str) -> None:
            names.discard(name)
            progress("fetching OpenSearch", total - len(names), total)

        for attempt in (1, 2):
            with tempfile.TemporaryDirectory(prefix="fetch-", dir=downloads) as folder:
                repository = None if attempt == 1 else Path(folder) / "repository"
                files = maven.copy(list(missing), Path(folder), plugin, repository=repository, downloaded=downloaded)
                wrong = {}
                for coordinates, artifact in missing.items():
                    if is_whole(files[coordinates], artifact):
                        _place(files[coordinates], downloads / artifact.path)
                    else:
                        wrong[coordinates] = artifact
                        found = sha256_of(files[coordinates])
            if not wrong:
                progress("fetching OpenSearch", total, total)
                return
            missing = wrong
    first = next(iter(missing.values()))
    raise LocalNodeError(
        f"{first.coordinates} has the wrong checksum, also when fetched anew: expected {first.sha256}, "
        f"got {found}; the repository that Maven is set to use serves another file"
    )


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
