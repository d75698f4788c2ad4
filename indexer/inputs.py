"""The files of a run, read twice in the same order; standard input is laid down first, so it can be read twice too."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from . import readers
from .errors import CatalogueError
from .records import Rejection, Row

STDIN = "-"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str
    identity: str
    shape: str


class Inputs:
    """Catalogue files, opened for one run.

    Attributes:
        identity: digest of which files these are and in which state: the same command on the same files has the same.
        shape: digest of their names and sizes alone: copies on another machine have the same.
    """

    def __init__(self, files: Sequence[str | Path], spool_folder: Path, stdin: BinaryIO | None = None) -> None:
        """Look at the files; raises CatalogueError when one is missing, or standard input cannot be laid down."""
        self._stack = ExitStack()
        if not files:
            raise CatalogueError("FILE: give at least one catalogue file, or - for standard input")
        names = [str(file) for file in files]
        if names.count(STDIN) > 1:
            raise CatalogueError("FILE: - (standard input) can be given once")
        try:
            self._files = [
                self._spooled(spool_folder, stdin or sys.stdin.buffer) if name == STDIN else _file(Path(name))
                for name in names
            ]
        except BaseException:
            self._stack.close()
            raise
        self.identity = hashlib.sha256("\n".join(file.identity for file in self._files).encode()).hexdigest()
        self.shape = hashlib.sha256("\n".join(file.shape for file in self._files).encode()).hexdigest()

    def __enter__(self) -> Inputs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def rows(self) -> Iterator[Row | Rejection]:
        """All lines of all files, from the start; raises CatalogueError for a file that changed since the beginning."""
        for file in self._files:
            yield from readers.read(file.path, file.name)
            if file.name != "<stdin>" and _file(Path(file.name)).identity != file.identity:
                raise CatalogueError(f"{file.name}: changed while it was read; run the same command again")

    def _spooled(self, folder: Path, stream: BinaryIO) -> _File:
        folder.mkdir(parents=True, exist_ok=True)
        spool = self._stack.enter_context(tempfile.NamedTemporaryFile(dir=folder, prefix="stdin-", suffix=".jsonl"))  # noqa: SIM115
        digest = hashlib.sha256()
        try:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                spool.write(chunk)
            spool.flush()
        except OSError as error:
            reason = error.strerror or error
            raise CatalogueError(f"{folder}: standard input cannot be laid down here ({reason})") from error
        return _File(Path(spool.name), "<stdin>", digest.hexdigest(), digest.hexdigest())


def _file(path: Path) -> _File:
    try:
        status = path.stat()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not path.is_file():
        raise CatalogueError(f"{path}: is not a file")
    identity = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
    return _File(path, str(path), identity, f"{path.name} {status.st_size}")
