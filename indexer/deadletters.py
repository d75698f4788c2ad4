"""The lines that did not become documents, kept so that they can be mended and given again."""

from __future__ import annotations

import base64
import datetime
import os
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from . import strictjson
from .errors import IndexerError
from .readers import DEADLETTER_KEY
from .records import Rejection


class DeadLetters:
    """Writes one JSON Lines file, made with the first letter and never when there is none.

    Attributes:
        path: of the file, whether or not it exists yet.
        count: letters written.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self.path = folder / f"{stem}.jsonl"
        self.count = 0
        self._file: TextIO | None = None

    def write(self, rejection: Rejection) -> None:
        """Append one letter; it is with the operating system when this returns, so a killed run keeps it.

        Raises:
            IndexerError: it cannot be written, such as on a full disk.
        """
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.fdopen(
                    os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
                )
            self._file.write(strictjson.dumps(_letter(rejection)) + "\n")
            self._file.flush()
        except OSError as error:
            raise IndexerError(
                f"{self.path}: a dead letter cannot be written ({error.strerror or error}); when it can, run the same "
                "command again, it goes on where it stopped"
            ) from error
        self.count += 1

    def __enter__(self) -> DeadLetters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            # What could not be written stays in the buffer, and closing tries again; why is being raised already.
            with suppress(OSError) if isinstance(error, IndexerError) else nullcontext():
                self._file.close()


def new_stem() -> str:
    """A name for the dead letters of a run that starts now."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _letter(rejection: Rejection) -> dict[str, Any]:
    letter: dict[str, Any] = {
        DEADLETTER_KEY: 1,
        "file": rejection.place.file,
        "line": rejection.place.line,
        "field": rejection.field,
        "reason": rejection.reason,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "form": rejection.form,
    }
    if rejection.truncated:
        letter["truncated"] = True
    if isinstance(rejection.raw, str):
        letter["raw"] = rejection.raw
        return letter
    try:
        letter["raw"] = rejection.raw.decode()
    except UnicodeDecodeError:
        letter["raw_base64"] = base64.b64encode(rejection.raw).decode()
    return letter
