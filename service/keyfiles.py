"""Files of keys that commands change while the service reads them: one writer at a time, changes noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from personal.secretfiles import private_folder

Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes with the file; ``None`` where there is none.

    Raises:
        OSError: it cannot be looked at.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other writers of the file out; makes its folder, which nobody else may enter."""
    private_folder(path.parent)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield
