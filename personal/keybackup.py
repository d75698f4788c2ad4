"""Backups of a store of keys: one file each, the same for every database, gone after a stated number of days.

A file is JSON Lines: a head, a line a person and a tombstone, a foot with the digest of what is before it. Keys stand
in it as in the store, wrapped by a master key, which is in no backup. Restoring leaves out who was erased since.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import KeyStoreUnusable, SealBroken
from .keystore_database import Session
from .keystore_sql import ROOT_BINDING, SqlKeyStore
from .masterkeys import Wrapped
from .secretfiles import private_folder

FORMAT = "hybridrank key backup 1"
NAME = re.compile(r"keys-(\d{8}T\d{6}Z)\.jsonl")
_TIME = "%Y%m%dT%H%M%SZ"
_PAGE = 1000
DAY_S = 86_400

Gone = Callable[[Sequence[tuple[str, str]]], set[str]]
"""Of (tenant, pseudonym), the pseudonyms of those who are known to have been erased."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written: where, how many people are in it, and which older ones were deleted."""

    file: Path
    people: int
    pruned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restoration did.

    Attributes:
        people: entries that are there again.
        present: that were there.
        erased: that stay away, for the person was erased since the backup.
    """

    people: int
    present: int
    erased: int


def back_up(store: SqlKeyStore, folder: Path, *, keep_days: int) -> Backup:
    """Write a backup, then delete those of the folder that are older than the horizon.

    Raises:
        KeyStoreUnusable: the store does not work.
        OSError: the file cannot be written, or an old one not be deleted.
    """
    store.secret("")  # the tables are there
    private_folder(folder)
    now = time.time()
    file = folder / f"keys-{time.strftime(_TIME, time.gmtime(now))}.jsonl"
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    people = 0
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            seen = hashlib.sha256()
            with store.database.snapshot() as session:
                for line in _lines(session):
                    raw = (json.dumps(line) + "\n").encode()
                    people += "subject" in line
                    seen.update(raw)
                    stream.write(raw)
            stream.write((json.dumps({"sha256": seen.hexdigest()}) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return Backup(file, people, prune(folder, keep_days=keep_days, now=now))


def prune(folder: Path, *, keep_days: int, now: float) -> tuple[str, ...]:
    """Delete the backups of a folder that are older than so many days by their name; returns their names.

    Raises:
        OSError: one cannot be deleted.
    """
    gone = []
    for path in sorted(folder.iterdir()):
        named = NAME.fullmatch(path.name)
        if named is None:
            continue
        made = datetime.strptime(named[1], _TIME).replace(tzinfo=UTC).timestamp()
        if now - made > keep_days * DAY_S:
            path.unlink()
            gone.append(path.name)
    return tuple(gone)


def restore(store: SqlKeyStore, file: Path, gone: Gone) -> Restored:
    """Bring back what is in a backup and not in the store. Who has a tombstone, or is said to be gone, stays away.

    Args:
        store: empty, or the one that the backup is of.
        file: the backup.
        gone: who was erased, as is known elsewhere.

    Raises:
        KeyStoreUnusable: the file is no whole backup, or one of another store that has people.
        UnknownMasterKey: the master key that wraps the backup is not here.
        OSError: the file cannot be read.
    """
    lines = _read(file)
    root = Wrapped(lines[0]["root"]["version"], _bytes(lines[0]["root"]["wrapped"]))
    secret = store.open_wrapped(root, ROOT_BINDING)
    people = [line for line in lines[1:] if "subject" in line]
    stones = [line for line in lines[1:] if "at" in line]
    for one in {line["version"]: line for line in people}.values():  # each version of the master key is here
        store.open_person(one["tenant"], bytes.fromhex(one["subject"]), one["pseudonym"], _wrapped(one))
    away = set()
    for start in range(0, len(people), _PAGE):
        away |= gone([(one["tenant"], one["pseudonym"]) for one in people[start : start + _PAGE]])
    own = store.secret("same store?")
    with store.database.transaction() as session:
        if own != store.secret_of(secret, "same store?"):
            held = session.execute("SELECT count(*) FROM people").fetchone()[0]
            if held:
                raise KeyStoreUnusable(
                    f"{file}: is of another key store than this one, which has {held} people; restore into a new one"
                )
            session.execute("UPDATE state SET version = ?, wrapped = ? WHERE name = 'root'", (root.version, root.blob))
            session.execute("UPDATE state SET version = ? WHERE name = 'demanded'", (lines[0]["demanded"],))
        for stone in stones:
            _bury(session, stone["tenant"], stone["pseudonym"], stone["at"])
        buried = {row[0] for row in session.execute("SELECT pseudonym FROM erased").fetchall()}
        done = left = 0
        for one in people:
            if one["pseudonym"] in away or one["pseudonym"] in buried:
                _bury(session, one["tenant"], one["pseudonym"], int(time.time()))
                left += 1
                continue
            wrapped = _wrapped(one)
            done += session.execute(
                "INSERT INTO people (tenant, subject, pseudonym, version, wrapped, uses) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (
                    one["tenant"],
                    bytes.fromhex(one["subject"]),
                    one["pseudonym"],
                    wrapped.version,
                    wrapped.blob,
                    one["uses"],
                ),
            ).rowcount
    store.forget_root()
    return Restored(done, len(people) - done - left, left)


def _bury(session: Session, tenant: str, pseudonym: str, at: int) -> None:
    session.execute("INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (pseudonym, tenant, at))


def _lines(session: Session) -> Iterator[dict[str, Any]]:
    rows = session.execute("SELECT name, version, wrapped FROM state WHERE name IN ('demanded', 'root') ORDER BY name")
    demanded, root = rows.fetchall()
    yield {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "demanded": demanded[1],
        "root": {"version": root[1], "wrapped": _text(root[2])},
    }
    after = ""
    while True:
        page = session.execute(
            "SELECT pseudonym, tenant, subject, version, wrapped, uses FROM people WHERE pseudonym > ? "
            "ORDER BY pseudonym LIMIT ?",
            (after, _PAGE),
        ).fetchall()
        for pseudonym, tenant, subject, version, wrapped, uses in page:
            yield {
                "pseudonym": pseudonym,
                "tenant": tenant,
                "subject": bytes(subject).hex(),
                "version": version,
                "wrapped": _text(wrapped),
                "uses": uses,
            }
        if len(page) < _PAGE:
            break
        after = page[-1][0]
    for pseudonym, tenant, at in session.execute("SELECT pseudonym, tenant, at FROM erased ORDER BY at").fetchall():
        yield {"pseudonym": pseudonym, "tenant": tenant, "at": at}


def _read(file: Path) -> list[dict[str, Any]]:
    raw = file.read_bytes().splitlines(keepends=True)
    try:
        foot = json.loads(raw[-1])["sha256"]
        lines = [json.loads(line) for line in raw[:-1]]
        whole = foot == hashlib.sha256(b"".join(raw[:-1])).hexdigest() and lines[0]["format"] == FORMAT
    except (ValueError, IndexError, KeyError, TypeError):
        whole = False
    if not whole:
        raise KeyStoreUnusable(f"{file}: is no backup of a key store, or not a whole one")
    return lines


def _wrapped(line: dict[str, Any]) -> Wrapped:
    return Wrapped(line["version"], _bytes(line["wrapped"]))


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SealBroken("a wrapped key in the backup is damaged") from None
