"""Profiles and sessions: read for the request of their owner, and taught by what the owner does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin.client import Engine
from plugin.names import PROFILES, UBI_EVENTS, UBI_QUERIES
from plugin.statedocs import read_many

from .affinity import PROFILE_HALF_LIFE_S, SESSION_HALF_LIFE_S, Vectors, affinities, centroid_items
from .deeds import deeds_of
from .errors import KeyGone, KeyWornOut, ProfileBusy
from .event_times import milliseconds, now_ms
from .keystore import PREFIX, Identity, KeyStore
from .masterkeys import UnknownMasterKey
from .taste import EMPTY, KEPT_CELLS, KEPT_QUERIES, Action, Taste
from .usual import UsualOffers, UsualPrices
from .vault import Found, Slot, Vault, profile_slot, session_slot
from .visitor import Visitor

_PAGE = 1000
_MOST_EVENTS = 20_000
"""How far back a rebuild looks; a profile holds the latest few hundred deeds."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known about a visitor in one catalogue.

    Attributes:
        profile: of the person; empty for nobody.
        session: of the visit; empty for none.
        slots: where these were read, with what lay there.
        broken: kinds of record that do not open.
    """

    profile: Taste = EMPTY
    session: Taste = EMPTY
    slots: tuple[tuple[Slot, Found], ...] = ()
    broken: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.profile or self.session)

    def kinds(self) -> list[str]:
        """The kinds of the remembered products, those of most first."""
        facts = [one for taste in (self.profile, self.session) for one in taste.facts.values()]
        counts = Counter(one.facets["kind"] for one in facts if "kind" in one.facets)
        return sorted(counts, key=lambda kind: (-counts[kind], kind))

    def liked(self) -> list[str]:
        """Items whose vectors say what the visitor likes; see :func:`personal.affinity.affinities`."""
        now = now_ms()
        memories = ((self.profile, PROFILE_HALF_LIFE_S), (self.session, SESSION_HALF_LIFE_S))
        return sorted({item for taste, half in memories for item in centroid_items(taste, now, half)})


NOTHING_HELD = Held()


class Profiles:
    """Reads and teaches. Thread-safe."""

    def __init__(self, engine: Engine, store: KeyStore) -> None:
        self._engine = engine
        self._store = store
        self.vault = Vault(engine, store)
        self.usual = UsualPrices(engine)
        self.offers = UsualOffers(engine)

    def read(self, visitor: Visitor, catalogue: str, *, timeout_s: float | None = None) -> Held:
        """What is known about a visitor, as it is at this moment.

        Raises:
            EngineError: the engine does not answer in time.
            KeyStoreUnusable: the store of keys does not work.
        """
        slots = self.slots(visitor, catalogue)
        if not slots:
            return NOTHING_HELD
        found = self.vault.read(slots, timeout_s=timeout_s)
        profile, session = EMPTY, EMPTY
        for slot, one in zip(slots, found, strict=True):
            if slot.binding.kind == "profile":
                profile = one.taste
            else:
                session = session.merged(one.taste) if session else one.taste
        broken = tuple(slot.binding.kind for slot, one in zip(slots, found, strict=True) if one.broken)
        return Held(profile, session, tuple(zip(slots, found, strict=True)), broken)

    def versions(self, visitor: Visitor, catalogue: str, *, timeout_s: float | None = None) -> tuple[int, ...]:
        """What changes when the visitor's records change, whoever writes them: one number a record, -1 for none.

        Raises:
            EngineError: the engine does not answer in time.
        """
        wanted = [(PROFILES, slot.id) for slot in self.slots(visitor, catalogue)]
        found = read_many(self._engine, wanted, fields=[], timeout_s=timeout_s)
        return tuple(found[key].seq_no if key in found else -1 for key in wanted)

    def slots(self, visitor: Visitor, catalogue: str) -> list[Slot]:
        """The records of a visitor: the profile, the visit's, and what the visit did before the login."""
        slots = []
        if visitor.person is not None:
            slots.append(profile_slot(visitor.person, catalogue))
            if visitor.session is not None:
                slots.append(session_slot(self._store, visitor.tenant, catalogue, visitor.session, visitor.person))
        if visitor.session is not None:
            slots.append(session_slot(self._store, visitor.tenant, catalogue, visitor.session, None))
        return slots

    def signals(
        self,
        held: Held,
        catalogue: str,
        products: Mapping[str, Mapping[str, Any]],
        *,
        vectors: Vectors | None = None,
        at_ms: int | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, dict[str, float]]:
        """The signals ``profile`` and ``session`` of products that are compared with each other.

        Args:
            held: what :meth:`read` gave.
            catalogue: the alias.
            products: the catalogue's form, by id.
            vectors: text vectors of the products and of the items of :meth:`Held.liked`, as far as known.
            at_ms: the time of now; ``None`` asks the clock.
            timeout_s: seconds, should the usual prices or offers have to be read, for each of the two requests.

        Returns:
            By id, by signal; 0..1, 0.5 is neutral; what is not known is missing.

        Raises:
            EngineError: the usual prices or offers cannot be read in time.
        """
        if not held or not products:
            return {}
        prices, now = self.usual.of(catalogue, timeout_s=timeout_s), now_ms() if at_ms is None else at_ms
        offers = self.offers.of(catalogue, held.kinds(), timeout_s=timeout_s)
        found: dict[str, dict[str, float]] = {}
        for name, taste, half_life_s in (
            ("profile", held.profile, PROFILE_HALF_LIFE_S),
            ("session", held.session, SESSION_HALF_LIFE_S),
        ):
            known = affinities(
                taste,
                products,
                now_ms=now,
                half_life_s=half_life_s,
                prices=prices,
                offers=offers,
                vectors=vectors,
            )
            for item, value in known.items():
                found.setdefault(item, {})[name] = value
        return found

    def learn(self, visitor: Visitor, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Teach the visitor's records what they just did.

        Args:
            visitor: who did it.
            events: (id, document) each, as they were stored.

        Raises:
            ProfileBusy, KeyWornOut, KeyGone: not everything could be written; what a profile lacks the reconciler adds.
            EngineError: likewise.
        """
        if visitor.person is None and visitor.session is None:
            return
        for catalogue, actions in _by_catalogue(deeds_of(self._engine, events)).items():
            self._teach(self._taught(visitor, catalogue), actions, {})

    def note_query(self, visitor: Visitor, catalogue: str, text: str, held: Held) -> None:
        """Teach the visitor's records what they just asked for; raises as :meth:`learn` does."""
        known = {slot.id: found for slot, found in held.slots}
        self._teach(self._taught(visitor, catalogue), [Action("", None, None, text, now_ms(), "")], known)

    def learn_stored(self, events: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
        """Teach people's profiles what lies in the event log; what they know already changes nothing.

        Returns:
            How many profiles could not be taught, for their key is lost or worn out, or others kept writing them.

        Raises:
            EngineError: the engine does not answer or refuses.
            KeyStoreUnusable: the store of keys does not work.
        """
        by_person: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for name, document in events:
            client = document.get("client_id")
            if isinstance(client, str) and client.startswith(PREFIX):
                by_person.setdefault(client, []).append((name, document))
        failed = 0
        for pseudonym, theirs in by_person.items():
            try:
                person = self._store.behind(pseudonym)
                if person is not None:
                    self.learn(Visitor(person.tenant, person), theirs)
            except KeyGone:
                continue  # was erased at this moment
            except (ProfileBusy, KeyWornOut, UnknownMasterKey):
                failed += 1
        return failed

    def rebuilt(self, person: Identity, catalogue: str) -> Taste:
        """A profile made anew from the logs: equal to the one that was taught live.

        Raises:
            EngineError: the engine does not answer.
        """
        self._engine.request("POST", f"/{UBI_EVENTS},{UBI_QUERIES}/_refresh")
        taste = EMPTY
        query = {"bool": {"filter": [{"term": {"client_id": person.pseudonym}}, {"term": {"application": catalogue}}]}}
        seen, after = 0, None
        while seen < _MOST_EVENTS and len(taste.deeds) < KEPT_CELLS:
            body: dict[str, Any] = {"query": query, "size": _PAGE, "sort": [{"timestamp": "desc"}, {"_doc": "asc"}]}
            if after is not None:
                body["search_after"] = after
            hits = self._engine.search(UBI_EVENTS, body)["hits"]["hits"]
            found = deeds_of(self._engine, [(str(hit["_id"]), hit["_source"]) for hit in hits])
            taste = taste.plus(action for _, action in found)
            seen += len(hits)
            if len(hits) < _PAGE:
                break
            after = hits[-1]["sort"]
        body = {"query": query, "size": 10 * KEPT_QUERIES, "sort": [{"timestamp": "desc"}]}
        hits = self._engine.search(UBI_QUERIES, body)["hits"]["hits"]
        now = now_ms()
        asked = [
            Action("", None, None, str(hit["_source"].get("user_query") or ""), milliseconds(when, now), "")
            for hit in hits
            if (when := hit["_source"].get("timestamp")) is not None
        ]
        return taste.plus(asked)

    def _taught(self, visitor: Visitor, catalogue: str) -> list[Slot]:
        """The records that what a visitor does goes into: with a login, nothing goes into the visit's own record."""
        slots = self.slots(visitor, catalogue)
        return [slot for slot in slots if slot.person is not None] or slots

    def _teach(self, slots: Sequence[Slot], actions: Sequence[Action], known: Mapping[str, Found]) -> None:
        for slot in slots:
            catalogue, person = slot.binding.catalogue, slot.person
            anew = None
            if slot.binding.kind == "profile" and person is not None:
                anew = _remade(self, person, catalogue)
            self.vault.change(slot, lambda taste: taste.plus(actions), known=known.get(slot.id), anew=anew)


def _remade(profiles: Profiles, person: Identity, catalogue: str) -> Any:
    return lambda: profiles.rebuilt(person, catalogue)


def _by_catalogue(deeds: Sequence[tuple[str, Action]]) -> dict[str, list[Action]]:
    found: dict[str, list[Action]] = {}
    for catalogue, action in deeds:
        found.setdefault(catalogue, []).append(action)
    return found
