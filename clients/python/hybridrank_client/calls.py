"""What each call sends and how its answer is read; the two clients differ only in how they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

import httpx

from .answers import Accepted, Embedding, Found, Linked, Recommended, Related, Reranked, Suggested
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


class RecommendOptions(TypedDict, total=False):
    """What is recommended; see docs/http.md of the service for each field."""

    index: str
    size: int
    diversity: float
    exclude: Sequence[str]
    social: bool
    language: str


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call: where it goes, what it sends, how its answer is read."""

    path: str
    json: Any
    read: Callable[[Any], T]
    method: str = "POST"
    params: Mapping[str, str | int | float] | None = None

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


def suggest(text: str, size: int | None, index: str | None) -> Call[Suggested]:
    """``GET /v1/suggest``."""
    return _get("/v1/suggest", Suggested.of, q=text, size=size, index=index)


def recommend(item: str | None, options: RecommendOptions) -> Call[Recommended]:
    """``GET /v1/recommend``."""
    given = dict(options)
    exclude = given.pop("exclude", None)
    given["exclude"] = ",".join(exclude) if isinstance(exclude, Sequence) and exclude else None
    social = given.pop("social", None)
    given["social"] = "true" if social else None
    return _get("/v1/recommend", Recommended.of, item=item, **given)


def related(query: str, shown: Sequence[str], size: int | None, index: str | None) -> Call[Related]:
    """``GET /v1/related``."""
    return _get("/v1/related", Related.of, query=query, shown=",".join(shown) or None, size=size, index=index)


def profile() -> Call[Mapping[str, Any]]:
    """``GET /v1/profile``."""
    return _get("/v1/profile", dict)


def erase() -> Call[Mapping[str, Any]]:
    """``DELETE /v1/profile``."""
    return Call("/v1/profile", None, dict, "DELETE")


def graph(edges: Sequence[tuple[str, str]], remove: Sequence[tuple[str, str]]) -> Call[Linked]:
    """``POST /v1/graph``."""
    body = {"edges": [list(edge) for edge in edges], "remove": [list(edge) for edge in remove]}
    return Call("/v1/graph", body, Linked.of)


def sharing(wanted: bool | None) -> Call[bool]:
    """``/v1/sharing``: asked for, switched on, or taken back."""
    method = {None: "GET", True: "PUT", False: "DELETE"}[wanted]
    return Call("/v1/sharing", None, lambda raw: bool(raw["sharing"]), method)


def _get(path: str, read: Callable[[Any], T], **params: Any) -> Call[T]:
    return Call(path, None, read, "GET", {name: value for name, value in params.items() if value is not None})


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
