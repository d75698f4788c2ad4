"""The client that waits. Made of ``aio.py`` by ``twin.py``; change that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from . import calls
from .answers import Accepted, Embedding, Found, Linked, Recommended, Related, Reranked, Suggested

T = TypeVar("T")


class Client:
    """Asks one service. Keeps its connections, so make one and close it; thread-safe as ``httpx.Client`` is.

    Every call raises the errors of :mod:`hybridrank_client.errors`.

    Args:
        url: where the service answers, such as ``http://127.0.0.1:8000``.
        key: the shop's key; a service in demo mode needs none.
        person: the person token of who is logged in; see :meth:`as_person` for many people.
        session: the visit.
        timeout: as httpx takes it; seconds for each step of a request.
        transport: as httpx takes it; ``httpx.HTTPTransport(retries=2)`` connects again.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        person: str | None = None,
        session: str | None = None,
        timeout: calls.Timeout = calls.TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers=calls.headers(key, None, None), timeout=timeout, transport=transport
        )
        self._who = calls.headers(None, person, session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, also those of every :meth:`as_person`."""
        self._http.close()

    def as_person(self, person: str | None = None, *, session: str | None = None) -> Client:
        """The same connections, asking for somebody: cheap, one a request of your shop."""
        other = object.__new__(type(self))
        other._http = self._http
        other._who = calls.headers(None, person, session)
        return other

    def search(self, query: str | None = None, **options: Unpack[calls.SearchOptions]) -> Found:
        """Search a catalogue; browse it where ``query`` is ``None``."""
        return self._send(calls.search(query, options))

    def rerank(
        self,
        query: str,
        documents: Sequence[str | Mapping[str, Any]],
        *,
        top_n: int | None = None,
        model: str | None = None,
    ) -> Reranked:
        """Put texts, or candidates with their signals, in order of relevance."""
        return self._send(calls.rerank(query, documents, top_n, model))

    def embed(self, texts: Sequence[str]) -> Embedding:
        """The vectors that search compares."""
        return self._send(calls.embed(texts))

    def events(self, events: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> Accepted:
        """Tell what people did, as UBI events; sending again is safe."""
        return self._send(calls.events(events))

    def suggest(self, text: str = "", *, size: int | None = None, index: str | None = None) -> Suggested:
        """What the search box offers for the text so far."""
        return self._send(calls.suggest(text, size, index))

    def recommend(self, item: str | None = None, **options: Unpack[calls.RecommendOptions]) -> Recommended:
        """What goes with an item, the visit and the person."""
        return self._send(calls.recommend(item, options))

    def related(
        self, query: str, *, shown: Sequence[str] = (), size: int | None = None, index: str | None = None
    ) -> Related:
        """Queries and documents to go on with; ``shown`` are the ids of the results, best first."""
        return self._send(calls.related(query, shown, size, index))

    def profile(self) -> Mapping[str, Any]:
        """Everything that is held about the person or the visit that asks."""
        return self._send(calls.profile())

    def erase(self) -> Mapping[str, Any]:
        """Erase the person and the visit that ask; what was erased, counted."""
        return self._send(calls.erase())

    def graph(self, edges: Sequence[tuple[str, str]] = (), *, remove: Sequence[tuple[str, str]] = ()) -> Linked:
        """Tell who is whose friend, by the shop's own names, and who no longer is."""
        return self._send(calls.graph(edges, remove))

    def sharing(self, wanted: bool | None = None) -> bool:
        """Whether the person shares what they do with friends; ``True`` or ``False`` says it from now on."""
        return self._send(calls.sharing(wanted))

    def _send(self, call: calls.Call[T]) -> T:
        who = self._who
        try:
            response = self._http.request(call.method, call.path, json=call.json, params=call.params, headers=who)
        except httpx.HTTPError as error:
            raise calls.of_transport(error) from error
        return call.answer(response)
