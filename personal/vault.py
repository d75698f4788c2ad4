"""Sealed records in the engine: read by real-time get, written under the condition that nobody wrote meanwhile."""

from __future__ import annotations

import base64
import binascii
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from plugin.client import Engine
from plugin.names import PROFILES
from plugin.statedocs import Stored, Write, delete_where, read_many, write_many

from .counters import digest
from .envelope import FORMAT, KEY_BYTES, Binding, seal, unseal
from .errors import ProfileBusy, SealBroken
from .keystore import Identity, KeyStore
from .taste import EMPTY, Taste

ATTEMPTS = 40


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a record lies and what opens it.

    Attributes:
        binding: what it is bound to.
        key: that seals it.
        person: whose it is, so that it goes when they are erased; ``None`` for a visit without a login.
    """

    binding: Binding
    key: bytes = field(repr=False)
    person: Identity | None = None

    @property
    def id(self) -> str:
        """The id of its document."""
        return _record_id(self.binding)


def _record_id(bound: Binding) -> str:
    return digest(bound.tenant, bound.owner, bound.catalogue, bound.kind)


def profile_slot(person: Identity, catalogue: str) -> Slot:
    """A person's profile."""
    return Slot(Binding(person.tenant, person.pseudonym, catalogue, "profile"), person.key, person)


def session_slot(store: KeyStore, tenant: str, catalogue: str, session: str, person: Identity | None) -> Slot:
    """The record of a visit.

    Of somebody who is logged in it is sealed with their key; else its key is made of the session's name, which is kept
    nowhere, and of a secret that is not in the engine.
    """
    owner = session_owner(store, tenant, session)
    if person is not None:
        return Slot(Binding(tenant, f"{person.pseudonym}/{owner}", catalogue, "session"), person.key, person)
    return Slot(Binding(tenant, owner, catalogue, "session"), _derived(store, tenant, session, "key"))


def session_owner(store: KeyStore, tenant: str, session: str) -> str:
    """What stands for a visit in events and records; its name is not stored."""
    return "s." + _derived(store, tenant, session, "id")[:16].hex()


def _derived(store: KeyStore, tenant: str, session: str, what: str) -> bytes:
    info = "\x1f".join(("hybridrank session", what, tenant)).encode()
    return HKDF(SHA256(), KEY_BYTES, store.secret("sessions"), info).derive(session.encode())


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a slot.

    Attributes:
        taste: empty where nothing does, or where it does not open.
        stored: the document, ``None`` where there is none.
        broken: whether it does not open.
    """

    taste: Taste
    stored: Stored | None = None
    broken: bool = False


class Vault:
    """Reads and writes sealed records. Thread-safe."""

    def __init__(self, engine: Engine, store: KeyStore) -> None:
        self._engine = engine
        self._store = store

    def read(self, slots: Sequence[Slot], *, timeout_s: float | None = None) -> list[Found]:
        """Open records, in one request, as they are at this moment.

        Raises:
            EngineError: the engine does not answer in time, or profiles are not installed.
        """
        stored = read_many(self._engine, [(PROFILES, slot.id) for slot in slots], timeout_s=timeout_s)
        return [_opened(slot, stored.get((PROFILES, slot.id))) for slot in slots]

    def change(
        self,
        slot: Slot,
        change: Callable[[Taste], Taste],
        *,
        known: Found | None = None,
        anew: Callable[[], Taste] | None = None,
    ) -> bool:
        """Change a record, whoever else changes it at this moment.

        Args:
            slot: which one.
            change: from what is there to what shall be; called again when another was first.
            known: what was read a moment ago; spares a read.
            anew: what stands for a record that does not open; an empty memory without it.

        Returns:
            Whether anything was written.

        Raises:
            ProfileBusy: too many others wrote it.
            KeyWornOut, KeyGone: its key may seal nothing more; is deleted.
            EngineError: the engine does not answer or refuses.
        """
        for attempt in range(ATTEMPTS):
            found = known if known is not None else self.read([slot])[0]
            known = None
            before = anew() if found.broken and anew is not None else found.taste
            after = change(before)
            if after == before and not found.broken:
                return False
            if slot.person is not None:
                self._store.spend(slot.person)
            write = Write(PROFILES, slot.id, _document(slot, after), found.stored)
            outcome = write_many(self._engine, [write])[0]
            if outcome.kind == "written":
                return True
            if outcome.kind == "refused":
                raise ProfileBusy("the engine refuses a record")
            time.sleep(random.uniform(0.0, min(0.1, 0.004 * 2.0**attempt)))
        raise ProfileBusy("a record stayed busy")

    def delete(self, slots: Sequence[Slot]) -> int:
        """Delete records; returns how many there were. Gets and searches miss them when this returns."""
        if not slots:
            return 0
        return self._delete({"ids": {"values": [slot.id for slot in slots]}})

    def delete_of(self, pseudonyms: Sequence[str]) -> int:
        """Delete every record of some pseudonyms, in every catalogue; returns how many there were."""
        return self._delete({"terms": {"person": list(pseudonyms)}})

    def delete_visits(self, visits: Sequence[tuple[str, str]], catalogues: Sequence[str]) -> int:
        """Delete the records of visits without a login, whose names need not be known; returns how many there were.

        Args:
            visits: (tenant, what stands for the visit) each.
            catalogues: in which they may have one.
        """
        ids = [_record_id(Binding(*visit, name, "session")) for visit in visits for name in catalogues]
        return self._delete({"ids": {"values": ids}}) if ids else 0

    def delete_idle(self, days: int) -> int:
        """Delete the sessions that nothing was added to for so many days; returns how many there were."""
        old = {"range": {"day": {"lt": f"now-{days}d/d"}}}
        return self._delete({"bool": {"filter": [{"term": {"kind": "session"}}, old]}})

    def all_of(self, person: Identity) -> list[tuple[str, str, Found]]:
        """(kind, catalogue, content) of every record of a person, in the order of kinds and catalogues."""
        self._engine.request("POST", f"/{PROFILES}/_refresh")
        body = {
            "query": {"term": {"person": person.pseudonym}},
            "sort": [{"kind": "asc"}, {"catalogue": "asc"}, {"owner": "asc"}],
            "size": 1000,
            "seq_no_primary_term": True,
        }
        records = []
        for hit in self._engine.search(PROFILES, body)["hits"]["hits"]:
            source = hit["_source"]
            binding = Binding(person.tenant, source["owner"], source["catalogue"], source["kind"], source["format"])
            stored = Stored(source, int(hit["_seq_no"]), int(hit["_primary_term"]))
            records.append((source["kind"], source["catalogue"], _opened(Slot(binding, person.key, person), stored)))
        return records

    def _delete(self, query: Mapping[str, Any]) -> int:
        return delete_where(self._engine, PROFILES, query)


def _opened(slot: Slot, stored: Stored | None) -> Found:
    if stored is None:
        return Found(EMPTY)
    try:
        sealed = base64.b64decode(stored.source["sealed"], validate=True)
        return Found(Taste.decoded(unseal(slot.key, sealed, slot.binding)), stored)
    except (SealBroken, KeyError, TypeError, binascii.Error):
        return Found(EMPTY, stored, broken=True)


def _document(slot: Slot, taste: Taste) -> dict[str, Any]:
    bound = slot.binding
    document: dict[str, Any] = {
        "kind": bound.kind,
        "catalogue": bound.catalogue,
        "tenant": bound.tenant,
        "owner": bound.owner,
        "format": FORMAT,
        "day": datetime.now(UTC).date().isoformat(),
        "sealed": base64.b64encode(seal(slot.key, taste.encoded(), bound)).decode(),
    }
    if slot.person is not None:
        document["person"] = slot.person.pseudonym
    return document
