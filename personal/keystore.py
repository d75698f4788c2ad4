"""The store of people's keys: who a person is in the engine, and what opens their records. Apart from OpenSearch.

Deleting an entry is erasure: without it nothing in the engine can be read, or be told to be that person's. What a store
does stands here; :mod:`personal.keystore_sql` is how, on a database of :mod:`personal.keystore_sqlite` (one machine) or
:mod:`personal.keystore_postgres` (several).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

PREFIX = "u."
"""What every pseudonym begins with."""


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
    """A pseudonym, or what stood for a visit, that must have nothing in the engine; whose it was is not known.

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
        """The person; pseudonym and key are made when there is no entry, once, whoever else asks at this moment.

        Raises:
            KeyGone: somebody erased the person while the entry was being made.
        """
        ...

    def behind(self, pseudonym: str) -> Identity | None:
        """The entry of a pseudonym."""
        ...

    def spend(self, person: Identity) -> None:
        """Count one use of a data key for sealing.

        Raises:
            KeyWornOut: it has been used as often as it may.
            KeyGone: it is deleted.
        """
        ...

    def delete(self, tenant: str, subject: str) -> str | None:
        """Delete the entry and leave a tombstone; returns the pseudonym, ``None`` when there was no entry."""
        ...

    def bury(self, tenant: str, visit: str) -> None:
        """Leave a tombstone for a visit, which has no entry; again it is the time of the latest."""
        ...

    def tombstones(self, since_s: int = 0) -> list[Tombstone]:
        """What was erased since then, oldest first."""
        ...

    def count(self) -> int:
        """How many people have an entry."""
        ...

    def rotate(self) -> Rotation:
        """Wrap every key by a new master key and forget the old one. One that was interrupted is taken up again."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes that are the same for a purpose in every process of the deployment, also after a rotation."""
        ...

    def close(self) -> None:
        """Let go of files and connections; the next use opens them again."""
        ...
