"""Sealed JSON documents under the condition that nobody wrote meanwhile; of many people at once."""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plugin.client import Engine
from plugin.names import SOCIAL
from plugin.statedocs import Stored, Write, delete_where, read_many, write_many

from .counters import digest
from .envelope import FORMAT, Binding, seal, unseal
from .errors import ProfileBusy, SealBroken
from .keystore import Identity, KeyStore

ATTEMPTS = 40
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document of a person lies, and the key that seals it."""

    owner: Identity = field(repr=False)
    kind: str
    catalogue: str = ""

    @property
    def binding(self) -> Binding:
        """What it is bound to."""
        return Binding(self.owner.tenant, self.owner.pseudonym, self.catalogue, self.kind)

    @property
    def id(self) -> str:
        """The id of its document."""
        return digest(self.owner.tenant, self.owner.pseudonym, self.catalogue, self.kind)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document: its content, empty where there is none or it does not open; the latter is ``broken``."""

    content: dict[str, Any]
    broken: bool = False


class SealedDocuments:
    """Reads and writes. Thread-safe. What does not open is written anew by the next change."""

    def __init__(self, engine: Engine, store: KeyStore) -> None:
        self._engine = engine
        self._store = store

    def read(self, places: Sequence[Place], *, timeout_s: float | None = None) -> list[Opened]:
        """Open documents, in one request, as they are at this moment.

        Raises:
            EngineError: the engine does not answer in time, or the index is not installed.
        """
        found = self._stored(places, timeout_s)
        return [_opened(place, found.get(place.id)) for place in places]

    def change(self, changes: Mapping[str, tuple[Place, Callable[[dict[str, Any]], dict[str, Any]]]]) -> None:
        """Change documents, whoever else changes them at this moment.

        Args:
            changes: by :attr:`Place.id`; each from what is there to what shall be, called again when another was first.

        Raises:
            ProfileBusy: too many others wrote them; some may be written.
            KeyWornOut, KeyGone: a key may seal nothing more; is deleted.
            EngineError: the engine does not answer or refuses.
        """
        names = sorted(changes)
        for start in range(0, len(names), AT_ONCE):
            self._change({name: changes[name] for name in names[start : start + AT_ONCE]})

    def _change(self, todo: dict[str, tuple[Place, Callable[[dict[str, Any]], dict[str, Any]]]]) -> None:
        for attempt in range(ATTEMPTS):
            found = self._stored([place for place, _ in todo.values()], None)
            writes = []
            for name, (place, change) in list(todo.items()):
                before = _opened(place, found.get(name)).content
                after = change(before)
                if after == before:
                    del todo[name]
                    continue
                self._store.spend(place.owner)
                writes.append(Write(SOCIAL, name, _document(place, after), found.get(name)))
            for write, outcome in zip(writes, write_many(self._engine, writes), strict=True):
                if outcome.kind == "written":
                    del todo[write.id]
                elif outcome.kind == "refused":
                    raise ProfileBusy("the engine refuses a record")
            if not todo:
                return
            time.sleep(random.uniform(0.0, min(0.1, 0.004 * 2.0**attempt)))
        raise ProfileBusy("a record stayed busy")

    def delete_of(self, pseudonyms: Sequence[str]) -> int:
        """Delete every document of some pseudonyms; returns how many there were."""
        return delete_where(self._engine, SOCIAL, {"terms": {"person": list(pseudonyms)}})

    def _stored(self, places: Sequence[Place], timeout_s: float | None) -> dict[str, Stored]:
        found = read_many(self._engine, [(SOCIAL, place.id) for place in places], timeout_s=timeout_s)
        return {name: stored for (_, name), stored in found.items()}


def _opened(place: Place, stored: Stored | None) -> Opened:
    if stored is None:
        return Opened({})
    try:
        sealed = base64.b64decode(stored.source["sealed"], validate=True)
        opened = json.loads(unseal(place.owner.key, sealed, place.binding))
    except (SealBroken, KeyError, TypeError, ValueError, binascii.Error):
        return Opened({}, broken=True)
    return Opened(opened) if isinstance(opened, dict) else Opened({}, broken=True)


def _document(place: Place, content: Mapping[str, Any]) -> dict[str, Any]:
    bound = place.binding
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return {
        "kind": bound.kind,
        "catalogue": bound.catalogue,
        "tenant": bound.tenant,
        "owner": bound.owner,
        "person": bound.owner,
        "format": FORMAT,
        "sealed": base64.b64encode(seal(place.owner.key, text, bound)).decode(),
    }
