"""Files that hold a secret: readable by their owner only, made once, replaced as a whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def guessable(secret: bytes) -> bool:
    """Whether somebody made a secret up: a word or a phrase, or the same few bytes again and again.

    Of 32 random bytes all are printable once in 10^14 times, and fewer than 12 differ practically never.
    """
    return all(32 <= byte < 127 for byte in secret) or len(set(secret)) < 12


def make_once(path: Path, content: bytes) -> None:
    """Write a file unless it is there; of several processes that try at once the first one's content stays.

    Raises:
        OSError: it cannot be written.
    """
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first; its content is the one
    finally:
        draft.unlink()


def replace(path: Path, content: bytes) -> None:
    """Write a file in place of the one that is there: a reader finds the old content or the new one, nothing between.

    Raises:
        OSError: it cannot be written.
    """
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def private_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _draft(path: Path, content: bytes) -> Path:
    private_folder(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return draft
