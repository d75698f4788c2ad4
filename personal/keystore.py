"""The store of people's keys: who a person is in the engine, and what opens their records. Apart from OpenSearch.

Deleting an entry is erasure: without it nothing in the engine can be read, or be told to be that person's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from filelock import FileLock

from .envelope import KEY_BYTES, MAX_USES
from .errors import KeyStoreUnusable, KeyWornOut
from .keystore_sqlite import Connections
from .masterkeys import KeyWrapper, UnknownMasterKey, Wrapped

FILE = Path("keys") / "people.sqlite"
PREFIX = "u."
"""What every pseudonym begins with."""
_BATCH = 200
_ATTEMPTS = 5
_SECRET = b"secret of the store"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the engine may know them, and what opens their records.

    Attributes:
        tenant: the shop.
        pseudonym: random; stands for the person in events and records.
        key: the data key, 32 bytes.
    """

    tenant: str
    pseudonym: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A pseudonym that must have nothing in the engine any more; whose it was is not known.

    Attributes:
        tenant: the shop.
        pseudonym: that was erased.
        erased_s: when, in epoch seconds.
    """

    tenant: str
    pseudonym: str
    erased_s: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of the master key did: the version that wraps everything, and how many keys were wrapped anew."""

    version: int
    rewrapped: int


class KeyStore(Protocol):
    """What the rest of the product needs of a store of keys; each call stands for itself and may come from any process.

    Every method raises :class:`~personal.errors.KeyStoreUnusable` when the store does not work, and
    :class:`~personal.masterkeys.UnknownMasterKey` when the master key that wraps an entry is lost.
    """

    def find(self, tenant: str, subject: str) -> Identity | None:
        """The person, if there is an entry."""
        ...

    def obtain(self, tenant: str, subject: str) -> Identity:
        """The person; pseudonym and key are made when there is no entry, once, whoever else asks at this moment."""
        ...

    def behind(self, pseudonym: str) -> Identity | None:
        """The entry of a pseudonym."""
        ...

    def spend(self, person: Identity) -> None:
        """Count one use of a data key for sealing.

        Raises:
            KeyWornOut: it has been used as often as it may, or is deleted.
        """
        ...

    def delete(self, tenant: str, subject: str) -> str | None:
        """Delete the entry and leave a tombstone; returns the pseudonym, ``None`` when there was no entry."""
        ...

    def tombstones(self, since_s: int = 0) -> list[Tombstone]:
        """What was erased since then, oldest first."""
        ...

    def rotate(self) -> Rotation:
        """Wrap every key by a new master key and forget the old one. One that was interrupted is taken up again."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes that are the same for a purpose in every process of the deployment, also after a rotation."""
        ...


class SqliteKeyStore:
    """A store in one SQLite file (write-ahead log): for the processes of one machine. Thread-safe, fork-safe."""

    def __init__(self, path: Path, master: KeyWrapper) -> None:
        """Open the store; make it when it is not there.

        Raises:
            KeyStoreUnusable: it cannot be opened, or is none.
            UnknownMasterKey: the master key that wraps it is lost.
        """
        self._path = path
        self._master = master
        self._connections = Connections(path)
        with self._guarded():
            self._root = self._patient(self._open_root)

    def __repr__(self) -> str:
        return f"SqliteKeyStore({self._path.name})"

    def close(self) -> None:
        """Close the file."""
        self._connections.close()

    def secret(self, purpose: str) -> bytes:
        """See :class:`KeyStore`."""
        return hmac.new(self._root, b"purpose " + purpose.encode(), hashlib.sha256).digest()

    def find(self, tenant: str, subject: str) -> Identity | None:
        """See :class:`KeyStore`."""
        name = self._digest(tenant, subject)
        return self._patient(lambda: self._read(tenant, name))

    def obtain(self, tenant: str, subject: str) -> Identity:
        """See :class:`KeyStore`."""
        name = self._digest(tenant, subject)
        return self._patient(lambda: self._read(tenant, name) or self._made(tenant, name))

    def behind(self, pseudonym: str) -> Identity | None:
        """See :class:`KeyStore`."""
        return self._patient(lambda: self._opened("pseudonym = ?", pseudonym))

    def spend(self, person: Identity) -> None:
        """See :class:`KeyStore`."""
        with self._guarded(), self._connections.lend(durable=False) as connection:
            done = connection.execute(
                "UPDATE people SET uses = uses + 1 WHERE pseudonym = ? AND uses < ?", (person.pseudonym, MAX_USES)
            )
        if done.rowcount != 1:
            raise KeyWornOut("a data key may seal nothing more")

    def delete(self, tenant: str, subject: str) -> str | None:
        """See :class:`KeyStore`. What was deleted is overwritten in the file, and the log behind it is cut."""
        name = self._digest(tenant, subject)
        with self._guarded(), self._connections.transaction() as connection:
            row = connection.execute(
                "DELETE FROM people WHERE tenant = ? AND subject = ? RETURNING pseudonym", (tenant, name)
            ).fetchone()
            if row is not None:
                connection.execute("INSERT INTO erased VALUES (?, ?, ?)", (row[0], tenant, int(time.time())))
        if row is None:
            return None
        self._scrub()
        return str(row[0])

    def tombstones(self, since_s: int = 0) -> list[Tombstone]:
        """See :class:`KeyStore`."""
        with self._guarded(), self._connections.lend() as connection:
            rows = connection.execute(
                "SELECT tenant, pseudonym, at FROM erased WHERE at >= ? ORDER BY at, pseudonym", (since_s,)
            ).fetchall()
        return [Tombstone(*row) for row in rows]

    def count(self) -> int:
        """How many people have an entry."""
        with self._guarded(), self._connections.lend() as connection:
            return int(connection.execute("SELECT count(*) FROM people").fetchone()[0])

    def rotate(self) -> Rotation:
        """See :class:`KeyStore`.

        First the new master key exists, then the store demands it of all that is made, then what is there is wrapped
        anew in small steps, last the old one is forgotten; each step may be the last before a crash.
        """
        with FileLock(self._path.with_name(f"{self._path.name}.rotating")):
            return self._rotated()

    def _rotated(self) -> Rotation:
        version = self._master.begin()
        with self._guarded(), self._connections.transaction() as connection:
            connection.execute("UPDATE state SET version = ? WHERE name = 'demanded' AND version < ?", (version,) * 2)
        rewrapped = 0
        while count := self._patient(lambda: self._rewrapped(version)):
            rewrapped += count
        with self._guarded(), self._connections.lend() as connection:
            left = connection.execute("SELECT count(*) FROM people WHERE version != ?", (version,)).fetchone()[0]
        if left:
            raise KeyStoreUnusable(f"{left} keys are wrapped by another version than {version}; run keys rotate again")
        self._scrub()
        self._master.finish()
        return Rotation(version, rewrapped)

    def _rewrapped(self, version: int) -> int:
        with self._guarded(), self._connections.transaction() as connection:
            rows = connection.execute(
                "SELECT tenant, subject, version, wrapped, pseudonym FROM people WHERE version < ? LIMIT ?",
                (version, _BATCH),
            ).fetchall()
            for tenant, subject, old, blob, pseudonym in rows:
                binding = _binding(tenant, subject, pseudonym)
                new = self._master.wrap(self._master.unwrap(Wrapped(old, blob), binding), binding)
                connection.execute(
                    "UPDATE people SET version = ?, wrapped = ? WHERE tenant = ? AND subject = ?",
                    (new.version, new.blob, tenant, subject),
                )
            root = connection.execute("SELECT version, wrapped FROM state WHERE name = 'root'").fetchone()
            if root[0] < version:
                new = self._master.wrap(self._master.unwrap(Wrapped(*root), _SECRET), _SECRET)
                connection.execute(
                    "UPDATE state SET version = ?, wrapped = ? WHERE name = 'root'", (new.version, new.blob)
                )
        return len(rows)

    def _read(self, tenant: str, name: bytes) -> Identity | None:
        return self._opened("tenant = ? AND subject = ?", tenant, name)

    def _opened(self, where: str, *values: str | bytes) -> Identity | None:
        with self._guarded(), self._connections.lend() as connection:
            row = connection.execute(
                f"SELECT tenant, subject, pseudonym, version, wrapped FROM people WHERE {where}",  # noqa: S608  # nosec B608
                values,
            ).fetchone()
        if row is None:
            return None
        tenant, _, pseudonym, version, wrapped = row
        return Identity(tenant, pseudonym, self._master.unwrap(Wrapped(version, wrapped), _binding(*row[:3])))

    def _made(self, tenant: str, name: bytes) -> Identity:
        pseudonym, key = PREFIX + secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
        with self._guarded(), self._connections.transaction() as connection:
            demanded = connection.execute("SELECT version FROM state WHERE name = 'demanded'").fetchone()[0]
            if demanded > self._master.current:
                raise UnknownMasterKey(demanded)  # a rotation has begun: the new master key has to be read first
            wrapped = self._master.wrap(key, _binding(tenant, name, pseudonym))
            connection.execute(
                "INSERT INTO people (tenant, subject, pseudonym, version, wrapped, uses) VALUES (?, ?, ?, ?, ?, 0) "
                "ON CONFLICT DO NOTHING",
                (tenant, name, pseudonym, wrapped.version, wrapped.blob),
            )
        person = self._read(tenant, name)  # the one that is there, which is another's when both came at once
        if person is None:
            raise KeyStoreUnusable("a person was erased while being made; ask again")
        return person

    def _open_root(self) -> bytes:
        with self._connections.transaction() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS people (tenant TEXT NOT NULL, subject BLOB NOT NULL, "
                "pseudonym TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, wrapped BLOB NOT NULL, "
                "uses INTEGER NOT NULL, PRIMARY KEY (tenant, subject)) WITHOUT ROWID"
            )
            connection.execute("CREATE INDEX IF NOT EXISTS people_version ON people (version)")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS erased (pseudonym TEXT PRIMARY KEY, tenant TEXT NOT NULL, "
                "at INTEGER NOT NULL) WITHOUT ROWID"
            )
            connection.execute(
                "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, version INTEGER NOT NULL, wrapped BLOB)"
            )
            root = connection.execute("SELECT version, wrapped FROM state WHERE name = 'root'").fetchone()
            if root is None:
                wrapped = self._master.wrap(secrets.token_bytes(KEY_BYTES), _SECRET)
                root = (wrapped.version, wrapped.blob)
                connection.execute("INSERT INTO state VALUES ('root', ?, ?)", root)
                connection.execute("INSERT INTO state VALUES ('demanded', ?, NULL)", (wrapped.version,))
        return self._master.unwrap(Wrapped(*root), _SECRET)

    def _patient(self, step: Callable[[], T]) -> T:
        """Do a step; when the master key has been replaced meanwhile, read the new one and do it again."""
        for attempt in range(_ATTEMPTS):
            try:
                return step()
            except UnknownMasterKey:
                if attempt == _ATTEMPTS - 1:
                    raise
                self._master.refresh()
        raise AssertionError

    def _scrub(self) -> None:
        """Bring what was overwritten into the file and cut the log, which still has the old pages."""
        with self._guarded(), self._connections.lend() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _digest(self, tenant: str, subject: str) -> bytes:
        """What the store knows of a subject."""
        message = b"\x1f".join(part.encode("utf-8", "surrogatepass") for part in (tenant, subject))
        return hmac.new(self._root, b"subject " + message, hashlib.sha256).digest()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The driver's own words may quote values.
            raise KeyStoreUnusable(f"{self._path}: cannot be used ({type(error).__name__})") from None


def _binding(tenant: str, subject: bytes, pseudonym: str) -> bytes:
    return b"\x1f".join((tenant.encode("utf-8", "surrogatepass"), subject.hex().encode(), pseudonym.encode()))
