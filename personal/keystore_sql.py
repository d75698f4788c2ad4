"""What a store of keys does on a database: entries wrapped by a versioned master key, tombstones, rotations."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from .envelope import KEY_BYTES, MAX_USES
from .errors import KeyGone, KeyStoreUnusable, KeyWornOut, SealBroken
from .keystore import PREFIX, Identity, Rotation, Tombstone
from .keystore_database import ConnectionLost, Database, Session
from .masterkeys import KeyWrapper, OtherMasterKey, UnknownMasterKey, Wrapped

_BATCH = 200
_ATTEMPTS = 5
ROOT_BINDING = b"secret of the store"
"""What the store's own secret is bound to."""

T = TypeVar("T")


class SqlKeyStore:
    """A :class:`~personal.keystore.KeyStore` on a database. Thread-safe, fork-safe.

    Making one opens nothing: the first use does, and makes the tables where they are not there.

    Args:
        database: with the tables.
        master: the master keys.
    """

    def __init__(self, database: Database, master: KeyWrapper) -> None:
        self.database = database
        self._master = master
        self._opening = threading.Lock()
        self._known_root: bytes | None = None
        self._verified = 0

    def close(self) -> None:
        """See :class:`~personal.keystore.KeyStore`."""
        self.database.close()

    def secret(self, purpose: str) -> bytes:
        """See :class:`~personal.keystore.KeyStore`."""
        return self.secret_of(self._root, purpose)

    @staticmethod
    def secret_of(root: bytes, purpose: str) -> bytes:
        """What :meth:`secret` is in a store with this secret of its own."""
        return hmac.new(root, b"purpose " + purpose.encode(), hashlib.sha256).digest()

    def open_wrapped(self, wrapped: Wrapped, binding: bytes) -> bytes:
        """Open what a store like this one has wrapped; raises as :meth:`KeyWrapper.unwrap` does."""
        return self._patient(lambda: self._master.unwrap(wrapped, binding))

    def open_person(self, tenant: str, subject: bytes, pseudonym: str, wrapped: Wrapped) -> bytes:
        """Open a person's data key; raises as :meth:`open_wrapped` does."""
        return self.open_wrapped(wrapped, _binding(tenant, subject, pseudonym))

    def forget_root(self) -> None:
        """Read the store's own secret again at the next use: it was replaced."""
        with self._opening:
            self._known_root, self._verified = None, 0

    def find(self, tenant: str, subject: str) -> Identity | None:
        """See :class:`~personal.keystore.KeyStore`."""
        name = self._digest(tenant, subject)
        return self._patient(lambda: self._read(tenant, name))

    def obtain(self, tenant: str, subject: str) -> Identity:
        """See :class:`~personal.keystore.KeyStore`."""
        name = self._digest(tenant, subject)
        return self._patient(lambda: self._read(tenant, name) or self._made(tenant, name))

    def behind(self, pseudonym: str) -> Identity | None:
        """See :class:`~personal.keystore.KeyStore`."""
        self._open()
        return self._patient(lambda: self._opened("pseudonym = ?", pseudonym))

    def spend(self, person: Identity) -> None:
        """See :class:`~personal.keystore.KeyStore`."""

        def step() -> type[KeyWornOut] | type[KeyGone] | None:
            with self.database.lend(durable=False) as session:
                statement = "UPDATE people SET uses = uses + 1 WHERE pseudonym = ? AND uses < ?"
                if session.execute(statement, (person.pseudonym, MAX_USES)).rowcount == 1:
                    return None
                known = session.execute("SELECT 1 FROM people WHERE pseudonym = ?", (person.pseudonym,)).fetchone()
                return KeyGone if known is None else KeyWornOut

        self._open()
        error = self._patient(step)
        if error is KeyGone:
            raise KeyGone("a data key is deleted")
        if error is KeyWornOut:
            raise KeyWornOut("a data key may seal nothing more")

    def delete(self, tenant: str, subject: str) -> str | None:
        """See :class:`~personal.keystore.KeyStore`. What was deleted is overwritten, where the database can do that."""
        name = self._digest(tenant, subject)
        return self._erased("tenant = ? AND subject = ?", tenant, name)

    def forget(self, pseudonym: str) -> bool:
        """Delete the entry of a pseudonym, as :meth:`delete` does; whether there was one."""
        self._open()
        return self._erased("pseudonym = ?", pseudonym) is not None

    def bury(self, tenant: str, visit: str) -> None:
        """See :class:`~personal.keystore.KeyStore`."""

        def step() -> None:
            with self.database.transaction() as session:
                session.execute(
                    "INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT (pseudonym) DO UPDATE SET at = excluded.at",
                    (visit, tenant, int(time.time())),
                )

        self._open()
        self._patient(step)

    def tombstones(self, since_s: int = 0) -> list[Tombstone]:
        """See :class:`~personal.keystore.KeyStore`."""

        def step() -> list[Tombstone]:
            with self.database.lend() as session:
                query = "SELECT tenant, pseudonym, at FROM erased WHERE at >= ? ORDER BY at, pseudonym"
                return [Tombstone(*row) for row in session.execute(query, (since_s,)).fetchall()]

        self._open()
        return self._patient(step)

    def count(self) -> int:
        """See :class:`~personal.keystore.KeyStore`."""

        def step() -> int:
            with self.database.lend() as session:
                return int(session.execute("SELECT count(*) FROM people").fetchone()[0])

        self._open()
        return self._patient(step)

    def rotate(self) -> Rotation:
        """See :class:`~personal.keystore.KeyStore`.

        First the new master key exists, then the store's own secret is wrapped by it and the store demands it of all
        that is made, then what is there is wrapped anew in small steps, last the old one is forgotten; each step may be
        the last before a crash.

        Raises:
            OtherMasterKey: the master key of that version is not the one that the store knows.
        """
        self._open()
        with self.database.rotating():
            self._patient(self._checked)  # before a new one is made beside a master key that is not this store's
            version = self._master.begin()
            self._patient(lambda: self._demanded(version))
            rewrapped = 0
            while count := self._patient(lambda: self._rewrapped(version)):
                rewrapped += count
            with self.database.lend() as session:
                left = session.execute("SELECT count(*) FROM people WHERE version != ?", (version,)).fetchone()[0]
            if left:
                raise KeyStoreUnusable(f"{left} keys are wrapped by another version than {version}; rotate again")
            self.database.scrub()
            self._master.finish()
        return Rotation(version, rewrapped)

    def prepare(self) -> int:
        """Make the next master key and wrap nothing by it yet, so that it can be brought to the other machines first.

        Returns:
            Its version; that of the one that is waiting already, if one is.
        """
        self._open()
        with self.database.rotating():
            self._patient(self._checked)
            return self._master.begin()

    def _checked(self) -> None:
        with self.database.lend() as session:
            self._agreed(session, "")

    def _demanded(self, version: int) -> None:
        with self.database.transaction() as session:
            demanded, root = self._agreed(session, self.database.agreed)
            if demanded > version:
                raise UnknownMasterKey(demanded)
            session.execute("UPDATE state SET version = ? WHERE name = 'demanded'", (version,))
            if root.version != version:
                new = self._master.wrap(self._master.unwrap(root, ROOT_BINDING), ROOT_BINDING, version)
                session.execute("UPDATE state SET version = ?, wrapped = ? WHERE name = 'root'", (version, new.blob))

    def _rewrapped(self, version: int) -> int:
        with self.database.transaction() as session:
            rows = session.execute(
                "SELECT tenant, subject, version, wrapped, pseudonym FROM people WHERE version < ? LIMIT ?",
                (version, _BATCH),
            ).fetchall()
            changes = []
            for tenant, subject, old, blob, pseudonym in rows:
                binding = _binding(tenant, subject, pseudonym)
                new = self._master.wrap(self._master.unwrap(Wrapped(old, blob), binding), binding, version)
                changes.append((new.version, new.blob, tenant, subject, pseudonym))
            session.executemany(
                "UPDATE people SET version = ?, wrapped = ? WHERE tenant = ? AND subject = ? AND pseudonym = ?", changes
            )
        return len(rows)

    def _read(self, tenant: str, name: bytes) -> Identity | None:
        return self._opened("tenant = ? AND subject = ?", tenant, name)

    def _opened(self, where: str, *values: str | bytes) -> Identity | None:
        with self.database.lend() as session:
            row = session.execute(
                f"SELECT tenant, subject, pseudonym, version, wrapped FROM people WHERE {where}",  # noqa: S608  # nosec B608
                values,
            ).fetchone()
        if row is None:
            return None
        tenant, _, pseudonym, version, wrapped = row
        return Identity(tenant, pseudonym, self._master.unwrap(Wrapped(version, wrapped), _binding(*row[:3])))

    def _made(self, tenant: str, name: bytes) -> Identity:
        pseudonym, key = PREFIX + secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
        with self.database.transaction() as session:
            # What is demanded stays so until this entry is there, or a rotation would not see it.
            demanded, _ = self._agreed(session, self.database.agreed)
            wrapped = self._master.wrap(key, _binding(tenant, name, pseudonym), demanded)
            session.execute(
                "INSERT INTO people (tenant, subject, pseudonym, version, wrapped, uses) VALUES (?, ?, ?, ?, ?, 0) "
                "ON CONFLICT DO NOTHING",
                (tenant, name, pseudonym, wrapped.version, wrapped.blob),
            )
        person = self._read(tenant, name)  # the one that is there, which is another's when both came at once
        if person is None:
            raise KeyGone("a person was erased while being made; ask again")
        return person

    def _erased(self, where: str, *values: str | bytes) -> str | None:
        def step() -> str | None:
            with self.database.transaction() as session:
                row = session.execute(
                    f"DELETE FROM people WHERE {where} RETURNING pseudonym, tenant",  # noqa: S608  # nosec B608
                    values,
                ).fetchone()
                if row is None:
                    return None
                session.execute("INSERT INTO erased VALUES (?, ?, ?)", (row[0], row[1], int(time.time())))
            return str(row[0])

        pseudonym = self._patient(step)
        if pseudonym is not None:
            self.database.scrub()
        return pseudonym

    def _agreed(self, session: Session, lock: str) -> tuple[int, Wrapped]:
        """The version that wraps what is made now, and the store's own secret, seen to open with the key that is here.

        Raises:
            UnknownMasterKey: that version is not here, or (``OtherMasterKey``) a key of it is, but another one.
        """
        rows = session.execute(
            f"SELECT name, version, wrapped FROM state WHERE name IN ('demanded', 'root') ORDER BY name{lock}"  # noqa: S608  # nosec B608
        ).fetchall()
        if len(rows) != 2:
            raise KeyStoreUnusable("the key store has lost its own secret; restore a backup")
        root = Wrapped(rows[1][1], rows[1][2])
        if root.version != self._verified:
            try:
                self._patient(lambda: self._master.unwrap(root, ROOT_BINDING))
            except SealBroken:
                raise OtherMasterKey(root.version) from None
            self._verified = root.version
        return int(rows[0][1]), root

    @property
    def _root(self) -> bytes:
        with self._opening:
            if self._known_root is None:
                self._known_root = self._patient(self._read_root)
            return self._known_root

    def _open(self) -> None:
        """See that the tables are there and the store's own secret opens."""
        _ = self._root

    def _read_root(self) -> bytes:
        query = "SELECT version, wrapped FROM state WHERE name = 'root'"
        row = None
        if self.database.made():
            with self.database.lend() as session:
                row = session.execute(query).fetchone()
        if row is None:
            with self.database.making() as session:
                for statement in self.database.schema:
                    session.execute(statement)
                row = session.execute(query).fetchone()
                if row is None:
                    wrapped = self._master.wrap(secrets.token_bytes(KEY_BYTES), ROOT_BINDING, self._master.current)
                    row = (wrapped.version, wrapped.blob)
                    session.execute("INSERT INTO state VALUES ('root', ?, ?)", row)
                    session.execute("INSERT INTO state VALUES ('demanded', ?, NULL)", (wrapped.version,))
        try:
            return self._master.unwrap(Wrapped(*row), ROOT_BINDING)
        except SealBroken:
            raise OtherMasterKey(row[0]) from None

    def _patient(self, step: Callable[[], T]) -> T:
        """Do a step; when the master key has been replaced meanwhile, read the new one and do it again. So too with
        a new connection when one that was kept open broke: each step may be done twice."""
        for attempt in range(_ATTEMPTS):
            try:
                return step()
            except (ConnectionLost, UnknownMasterKey, SealBroken) as error:
                if attempt == _ATTEMPTS - 1 or (isinstance(error, SealBroken) and attempt):
                    raise
                self._master.refresh()
        raise AssertionError

    def _digest(self, tenant: str, subject: str) -> bytes:
        """What the store knows of a subject."""
        message = b"\x1f".join(part.encode("utf-8", "surrogatepass") for part in (tenant, subject))
        return hmac.new(self._root, b"subject " + message, hashlib.sha256).digest()


def _binding(tenant: str, subject: bytes, pseudonym: str) -> bytes:
    return b"\x1f".join((tenant.encode("utf-8", "surrogatepass"), subject.hex().encode(), pseudonym.encode()))
