"""The lines that ``hybridrank events`` could not take: kept for mending, for a while, without whom was erased.

They stay as they came, so they may name people in any form. An erasure therefore looks for the name as a word anywhere
in a line, and rather loses a line too many. What it finds becomes blanks in place, for a run may be writing the file at
this moment; readers pass over blank lines.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

STEM = "rejected-"
KEPT_DAYS = 30


def folder_of(home: Path) -> Path:
    """Where they lie."""
    return home / "state" / "events"


def forget(home: Path, names: Iterable[str]) -> int:
    """Blank the lines that hold one of these names; returns how many.

    Raises:
        OSError: a file cannot be read or written.
    """
    words = [re.escape(form.encode()) for name in names for form in sorted(_written(name)) if form]
    if not words:
        return 0
    pattern = re.compile(rb"(?<![0-9A-Za-z_])(?:" + b"|".join(words) + rb")(?![0-9A-Za-z_])")
    count = 0
    for path in sorted(folder_of(home).glob(f"{STEM}*.jsonl")):
        with path.open("r+b") as file:
            while line := file.readline():
                if pattern.search(line) or (b"raw_base64" in line and pattern.search(_unreadable(line))):
                    end = file.tell()
                    file.seek(end - len(line))
                    file.write(b" " * len(line.rstrip(b"\n")))
                    file.flush()
                    file.seek(end)
                    count += 1
    return count


def _written(name: str) -> set[str]:
    """How a name may stand in a letter: as it is, or as a JSON text once (CSV) or twice (JSON)."""
    forms = {name}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=plain)[1:-1] for form in forms for plain in (True, False)}
    return forms


def _unreadable(line: bytes) -> bytes:
    """What a letter holds in base64, for it is no UTF-8."""
    try:
        return base64.b64decode(json.loads(line)["raw_base64"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        return b""


def expire(home: Path, *, now_s: float | None = None) -> int:
    """Delete the files that nothing was added to for :data:`KEPT_DAYS`; returns how many.

    Raises:
        OSError: one cannot be deleted.
    """
    oldest = (time.time() if now_s is None else now_s) - KEPT_DAYS * 86_400
    count = 0
    for path in folder_of(home).glob(f"{STEM}*.jsonl"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            count += 1
    return count
