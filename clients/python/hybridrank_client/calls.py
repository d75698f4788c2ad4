"""What each call sends and how its answer is read; the two clients differ only in how they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

import httpx

from .answers import Accepted, Embedding, Found, Reranked
from .errors import TimedOut, Unreachable, Unreadable, of_response

T = TypeVar("T")

Timeout = httpx.Timeout | float | None
TIMEOUT_S = 10.0


class SearchOptions(TypedDict, total=False):
    """How to search; see docs/http.md of the service for each field."""

    index: str
    size: int
    from_: int
    sort: str
    facets: Sequence[str]
    filters: Mapping[str, Any]
    query_id: str


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call: where it goes, what it sends, how its answer is read."""

    path: str
    json: Any
    read: Callable[[Any], T]
    method: str = "POST"

    def answer(self, response: httpx.Response) -> T:
        """The answer that a response is.

        Raises:
            Problem: the service says what is wrong.
            Unreadable: it is no answer of the service.
        """
        if response.status_code >= 400:
            raise of_response(response)
        try:
            return self.read(response.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreadable(f"{response.url} gave no answer of hybridrank ({response.status_code})") from error


def search(query: str | None, options: SearchOptions) -> Call[Found]:
    """``POST /v1/search``."""
    body = {("from" if name == "from_" else name): value for name, value in options.items() if value is not None}
    return Call("/v1/search", body if query is None else {"query": query, **body}, Found.of)


def rerank(
    query: str, documents: Sequence[str | Mapping[str, Any]], top_n: int | None, model: str | None
) -> Call[Reranked]:
    """``POST /v1/rerank``. Documents with an ``id`` are candidates, which may bring signals; others are texts."""
    rich = bool(documents) and all(isinstance(one, Mapping) and "id" in one for one in documents)
    body: dict[str, Any] = {"query": query, "candidates" if rich else "documents": list(documents)}
    body |= {name: value for name, value in (("top_n", top_n), ("model", model)) if value is not None}
    return Call("/v1/rerank", body, Reranked.of)


def embed(texts: Sequence[str]) -> Call[Embedding]:
    """``POST /v1/embed``."""
    return Call("/v1/embed", {"texts": list(texts)}, Embedding.of)


def events(given: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> Call[Accepted]:
    """``POST /v1/events``."""
    return Call("/v1/events", given if isinstance(given, Mapping) else list(given), Accepted.of)


def headers(key: str | None, person: str | None, session: str | None) -> dict[str, str]:
    """Who calls."""
    named = {
        "Authorization": f"Bearer {key}" if key else None,
        "X-Hybridrank-Person": person,
        "X-Hybridrank-Session": session,
    }
    return {name: value for name, value in named.items() if value is not None}


def of_transport(error: httpx.HTTPError) -> Unreachable:
    """Our error for one of httpx's."""
    name = type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"no answer in time ({name})")
    return Unreachable(f"no answer ({name})")
