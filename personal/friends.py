"""Friends: a graph that the shop sends, and what people choose to share with their friends.

Who is whose friend stands in a record of each person, sealed with the person's own key. What somebody shares stands
in a record of its own, sealed with a key of its own, which the store keeps under an entry of its own: friends' requests
open that record and never the profile, and deleting the entry takes back everything that was ever shared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plugin.client import Engine

from .counters import DAY_MS
from .deeds import deeds_of
from .errors import KeyGone, KeyWornOut, ProfileBusy
from .event_times import now_ms, strict_date_time
from .keystore import PREFIX, Identity, KeyStore
from .masterkeys import UnknownMasterKey
from .sealed import Place, SealedDocuments
from .taste import STRENGTH, Action

SHARE = "\x1fshare\x1f"
"""Before a pseudonym it names the store's entry with the key of what that person shares. No subject has this form."""
MAX_SUBJECT_CHARS = 256
MOST_FRIENDS = 500
MOST_SHARED = 200
"""Of what somebody shares, the latest so many items."""
HALF_LIFE_DAYS = 30.0
HALF = 3.0
"""So many friends' full likings bring the signal half of the way from neutral to the top."""
FULL = STRENGTH["purchase"]
UNREADABLE = {"unreadable": "this record does not open: it was altered, or its key is lost"}
"""What is shown of such a record."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of edges: how many are known now, and which were refused, by their place, with the reason."""

    accepted: int
    rejected: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What somebody's friends share.

    Attributes:
        values: the signal ``social``: 0.5 to 1 by item.
        broken: kinds of the records that do not open, ``friends`` or ``shared``; what stood in them is missing.
    """

    values: dict[str, float]
    broken: tuple[str, ...] = ()


class Friends:
    """The graph and what is shared. Thread-safe."""

    def __init__(self, engine: Engine, store: KeyStore) -> None:
        self._engine = engine
        self._store = store
        self._documents = SealedDocuments(engine, store)

    def link(self, tenant: str, edges: Sequence[object], *, remove: bool = False) -> Linked:
        """Make people friends of each other, or no longer; what is so already changes nothing.

        Args:
            tenant: the shop.
            edges: pairs of the shop's own names of people; the order of the two means nothing.
            remove: take the edges away.

        Raises:
            ProfileBusy, KeyWornOut, KeyGone, KeyStoreUnusable, EngineError: some edges may be in; sending them again
                is safe.
        """
        rejected: list[tuple[int, str]] = []
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, edge in enumerate(edges):
            fault = _fault(edge)
            if fault is not None:
                rejected.append((number, fault))
            else:
                first, second = sorted(cast("Sequence[str]", edge))
                pairs[first, second].append(number)
        people: dict[str, Identity] = {}
        for name in sorted({name for pair in pairs for name in pair}):
            found = self._store.find(tenant, name) if remove else self._store.obtain(tenant, name)
            if found is not None:
                people[name] = found
        known = {pair for pair in pairs if all(name in people for name in pair)}
        changes: dict[str, list[str]] = defaultdict(list)
        for left, right in known:
            changes[left].append(people[right].pseudonym)
            changes[right].append(people[left].pseudonym)
        if not remove:
            full = self._full(people, changes)
            for pair, numbers in pairs.items():
                if pair in known and not full.isdisjoint(pair):
                    rejected += [(number, f"more than {MOST_FRIENDS} friends of one person") for number in numbers]
            changes = defaultdict(list)
            for left, right in known:
                if full.isdisjoint((left, right)):
                    changes[left].append(people[right].pseudonym)
                    changes[right].append(people[left].pseudonym)
        now = now_ms()
        places = {name: Place(people[name], "friends") for name in changes}
        self._documents.change(
            {
                places[name].id: (places[name], lambda before, names=others: _befriended(before, names, now, remove))  # type: ignore[misc]
                for name, others in changes.items()
            }
        )
        return Linked(len(edges) - len(rejected), tuple(sorted(rejected)))

    def _full(self, people: Mapping[str, Identity], changes: Mapping[str, Sequence[str]]) -> set[str]:
        """Who would have too many friends."""
        names = list(changes)
        before = self._documents.read([Place(people[name], "friends") for name in names])
        return {
            name
            for name, record in zip(names, before, strict=True)
            if len({*record.content.get("friends", {}), *changes[name]}) > MOST_FRIENDS
        }

    def shares(self, person: Identity) -> bool:
        """Whether somebody shares what they do."""
        return self._share(person.tenant, person.pseudonym) is not None

    def share(self, person: Identity) -> None:
        """From now on, share what the person does; what they did before is not shared.

        Raises:
            ProfileBusy, KeyWornOut, KeyGone, KeyStoreUnusable, EngineError: since when could not be written; asking
                again is safe.
        """
        share, now = self._store.obtain(person.tenant, SHARE + person.pseudonym), now_ms()
        place = Place(share, "since")
        self._documents.change({place.id: (place, lambda before: {"at": before.get("at", now)})})
        if self._store.behind(person.pseudonym) is None:  # erased meanwhile, maybe before there was anything to unshare
            self.unshare(person)
            raise KeyGone("a data key is deleted")

    def unshare(self, person: Identity) -> None:
        """Take back everything that was ever shared: its key goes first, then its records."""
        gone = self._store.delete(person.tenant, SHARE + person.pseudonym)
        if gone is not None:
            self._documents.delete_of([gone])

    def erase(self, person: Identity) -> None:
        """Delete what is held about somebody here. Friends' records then hold a pseudonym that nothing stands for."""
        self.unshare(person)
        self._documents.delete_of([person.pseudonym])

    def held(self, person: Identity, catalogues: Sequence[str]) -> list[dict[str, Any]]:
        """What is held about somebody here, readable: since when they have each friend, and what they share.

        Who a friend is stays out: a pseudonym would let the reader find the friend in the logs.

        Raises:
            EngineError: the engine does not answer.
            KeyStoreUnusable: the store of keys does not work.
        """
        records: list[dict[str, Any]] = []
        known = self._documents.read([Place(person, "friends")])[0]
        if known.broken:
            records.append({"kind": "friends", **UNREADABLE})
        elif friends := known.content.get("friends", {}):
            records.append({"kind": "friends", "since": [strict_date_time(at) for at in sorted(friends.values())]})
        share = self._share(person.tenant, person.pseudonym)
        places = [Place(share, "shared", name) for name in catalogues] if share is not None else []
        for name, shared in zip(catalogues, self._documents.read(places) if places else [], strict=False):
            items = [
                {"item": item, "strength": strength, "last": strict_date_time(time_ms)}
                for item, (strength, time_ms) in sorted(shared.content.get("items", {}).items())
            ]
            records.append({"kind": "shared", "catalogue": name, **(UNREADABLE if shared.broken else {"items": items})})
        return records

    def note(self, person: Identity, deeds: Iterable[tuple[str, Action]]) -> None:
        """Add what somebody just did to what they share, if they share anything.

        Args:
            person: who.
            deeds: (catalogue, action) each, as :func:`personal.deeds.deeds_of` gives them.

        Raises:
            ProfileBusy, KeyWornOut, KeyGone, KeyStoreUnusable, EngineError: it could not be written; it is then not
                shared.
        """
        share = self._share(person.tenant, person.pseudonym)
        if share is None:
            return
        by_catalogue: dict[str, list[Action]] = defaultdict(list)
        for catalogue, action in deeds:
            if action.item is not None and STRENGTH.get(action.action, 0.0) > 0.0:
                by_catalogue[catalogue].append(action)
        places = {catalogue: Place(share, "shared", catalogue) for catalogue in by_catalogue}
        self._documents.change(
            {
                places[catalogue].id: (places[catalogue], lambda before, seen=actions: _noted(before, seen))  # type: ignore[misc]
                for catalogue, actions in by_catalogue.items()
            }
        )

    def note_stored(self, events: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
        """Add what lies in the event log to what people share, for the reconciler: what a crash left out. What was done
        before the person began to share is left out, and what is known already changes nothing.

        Args:
            events: (id, document) each, as they were stored.

        Returns:
            How many people's could not be written, for their key is lost or worn out, or others kept writing.

        Raises:
            EngineError: the engine does not answer or refuses.
            KeyStoreUnusable: the store of keys does not work.
        """
        by_person: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
        for name, document in events:
            client = document.get("client_id")
            if isinstance(client, str) and client.startswith(PREFIX):
                by_person[client].append((name, document))
        failed = 0
        for pseudonym, theirs in by_person.items():
            try:
                person = self._store.behind(pseudonym)
                since = self._since(person) if person is not None else None
                if person is not None and since is not None:
                    deeds = deeds_of(self._engine, theirs)
                    self.note(person, [(name, action) for name, action in deeds if action.time_ms >= since])
            except KeyGone:
                continue  # took back what they shared, or was erased, at this moment
            except (ProfileBusy, KeyWornOut, UnknownMasterKey):
                failed += 1
        return failed

    def _since(self, person: Identity) -> int | None:
        """When somebody began to share what they do; ``None`` where they do not, or nothing says when."""
        share = self._share(person.tenant, person.pseudonym)
        if share is None:
            return None
        at = self._documents.read([Place(share, "since")])[0].content.get("at")
        return at if isinstance(at, int) else None

    def of(self, person: Identity, catalogue: str, *, timeout_s: float | None = None) -> Shared:
        """What friends share, in two requests.

        Raises:
            EngineError: the engine does not answer in time.
            KeyStoreUnusable: the store of keys does not work.
        """
        record = self._documents.read([Place(person, "friends")], timeout_s=timeout_s)[0]
        broken = ["friends"] if record.broken else []
        keys = [self._share(person.tenant, friend) for friend in sorted(record.content.get("friends", {}))]
        places = [Place(share, "shared", catalogue) for share in keys if share is not None]
        now, sums = now_ms(), defaultdict[str, float](float)
        for shared in self._documents.read(places, timeout_s=timeout_s):
            broken += ["shared"] if shared.broken else []
            for item, (strength, time_ms) in shared.content.get("items", {}).items():
                age = max(0, now - time_ms) / (HALF_LIFE_DAYS * DAY_MS)
                sums[item] += min(strength / FULL, 1.0) * 2.0**-age
        return Shared(social(sums), tuple(broken))

    def _share(self, tenant: str, pseudonym: str) -> Identity | None:
        return self._store.find(tenant, SHARE + pseudonym)


def social(likings: Mapping[str, float], half: float = HALF) -> dict[str, float]:
    """The signal from friends' likings summed, each 0..1 a friend: ``0.5 + 0.5 s / (s + half)``."""
    return {item: 0.5 + 0.5 * total / (total + half) for item, total in likings.items() if total > 0.0}


def _fault(edge: object) -> str | None:
    if not isinstance(edge, (list, tuple)) or len(edge) != 2 or not all(isinstance(name, str) for name in edge):
        return "expected two names"
    if edge[0] == edge[1]:
        return "an edge to oneself"
    for name in edge:
        if not 0 < len(name) <= MAX_SUBJECT_CHARS or any(
            ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in name
        ):
            return f"a name has 1 to {MAX_SUBJECT_CHARS} characters, none of them a control character"
    return None


def _befriended(before: dict[str, Any], names: Sequence[str], now: int, remove: bool) -> dict[str, Any]:
    friends = dict(before.get("friends", {}))
    for name in names:
        if remove:
            friends.pop(name, None)
        else:
            friends.setdefault(name, now)
    return {"friends": friends}


def _noted(before: dict[str, Any], actions: Sequence[Action]) -> dict[str, Any]:
    """Of each item the strongest thing that was done, and when last."""
    items = {item: (strength, time_ms) for item, (strength, time_ms) in before.get("items", {}).items()}
    for action in actions:
        strength, time_ms = items.get(str(action.item), (0.0, 0))
        items[str(action.item)] = (max(strength, STRENGTH[action.action]), max(time_ms, action.time_ms))
    kept = sorted(items, key=lambda item: (-items[item][1], item))[:MOST_SHARED]
    return {"items": {item: list(items[item]) for item in sorted(kept)}}
