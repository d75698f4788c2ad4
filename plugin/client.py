"""Talking to OpenSearch: one thread-safe client whose failures are :mod:`plugin.errors`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    ConnectionError as NoConnection,
)
from opensearchpy.exceptions import (
    ConnectionTimeout,
    ImproperlyConfigured,
    SerializationError,
    SSLError,
    TransportError,
)

from .config import ClusterConfig
from .errors import EngineError, EngineRejected, EngineUnavailable, EngineUnsupported
from .wire import Json

__all__ = ["OLDEST", "TOO_NEW", "ClusterConfig", "Engine", "EngineInfo"]

OLDEST = (2, 19)
TOO_NEW = (3,)
_POOL = 32
_REASON_CHARS = 300
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What answered.

    Attributes:
        version: such as ``2.19.1``.
        cluster: the cluster's name.
        plugins: names of the plugins that every node has.
    """

    version: str
    cluster: str
    plugins: frozenset[str]


class Engine:
    """OpenSearch, as hybridrank uses it. Thread-safe; holds a pool of connections. Make it after a fork.

    Every method raises :class:`~plugin.errors.EngineUnavailable` when the cluster does not answer or is too busy,
    and :class:`~plugin.errors.EngineRejected` when it refuses. A request whose connection breaks is sent once more
    on a new connection; nothing else is tried again.
    """

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config
        self._fits = False
        options: dict[str, Any] = {}
        if config.ca is not None:
            options["ca_certs"] = str(config.ca)
        login = config.login()
        if login is not None:
            options["http_auth"] = login
        try:
            self._client = OpenSearch(
                hosts=config.hosts(),
                timeout=config.timeout_s,
                pool_maxsize=_POOL,
                max_retries=1,
                retry_on_timeout=False,
                retry_on_status=(),
                serializer=Json(),
                **options,
            )
        except (ImproperlyConfigured, OSError) as error:
            raise EngineError(f"OPENSEARCH_CA: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def client(self) -> OpenSearch:
        """The opensearch-py client, for what has no method here; use it inside :meth:`mapped_errors`."""
        return self._client

    @contextmanager
    def mapped_errors(self) -> Iterator[None]:
        """Turn the exceptions of opensearch-py into :mod:`plugin.errors`."""
        try:
            yield
        except SSLError as error:
            raise EngineUnavailable(
                f"TLS with OpenSearch at {self.config.shown} failed; is OPENSEARCH_CA its certificate authority? "
                f"({_short(error.error)})"
            ) from error
        except ConnectionTimeout as error:
            raise EngineUnavailable(f"OpenSearch at {self.config.shown} did not answer in time") from error
        except NoConnection as error:
            self._fits = False
            raise EngineUnavailable(
                f"OpenSearch at {self.config.shown} does not answer; start it with 'hybridrank engine start' "
                "or set OPENSEARCH_URL"
            ) from error
        except TransportError as error:
            raise self._refusal(error) from error
        except SerializationError as error:
            raise EngineUnsupported(
                f"what answers at {self.config.shown} is not OpenSearch: it does not speak JSON"
            ) from error

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """Send one request and return the decoded answer (``True`` or ``False`` for ``HEAD``).

        What answers is looked at first, once, and again after it was away: another version may have come back.
        """
        if not self._fits:
            self.check(timeout_s)
        return self._request(method, path, body, params, timeout_s)

    def _request(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        with self.mapped_errors():
            return self._client.transport.perform_request(
                method, path, params=dict(params or {}), body=body, timeout=timeout_s
            )

    def search(
        self,
        index: str,
        body: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """Search; a shard that fails makes the search fail, for half an answer is a wrong one.

        Args:
            index: alias or index.
            body: the request.
            params: for the URL, such as ``search_pipeline``.
            timeout_s: seconds; ``None`` takes the configuration's.
        """
        url = {"allow_partial_search_results": "false", **(params or {})}
        answer: dict[str, Any] = self.request("POST", f"/{index}/_search", body, url, timeout_s)
        if answer.get("timed_out"):
            raise EngineUnavailable(f"OpenSearch at {self.config.shown} did not finish a search in time")
        return answer

    def msearch(
        self,
        searches: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
        timeout_s: float | None = None,
    ) -> list[dict[str, Any]]:
        """Several searches in one request.

        Args:
            searches: (header, body) each; a header such as ``{"index": "products"}``.
            timeout_s: seconds for all together; ``None`` takes the configuration's.

        Returns:
            The answers in the order of the searches; the first one that failed is raised.
        """
        lines = [part for search in searches for part in search]
        with self.mapped_errors():
            answer = self._client.msearch(body=lines, params={"request_timeout": timeout_s or self.config.timeout_s})
        responses: list[dict[str, Any]] = answer["responses"]
        for response in responses:
            if "error" in response:
                raise _error_of(response.get("status", 500), response["error"])
            if response.get("timed_out") or response["_shards"]["failed"]:
                raise EngineUnavailable(f"OpenSearch at {self.config.shown} did not finish a search")
        return responses

    def info(self, timeout_s: float | None = None) -> EngineInfo:
        """Ask what the cluster is; does not judge it, :meth:`check` does."""
        answer = self._request("GET", "/", timeout_s=timeout_s)
        version = answer.get("version", {}) if isinstance(answer, dict) else {}
        if version.get("distribution") != "opensearch":
            number = version.get("number", "something else")
            raise EngineUnsupported(f"what answers at {self.config.shown} is not OpenSearch ({number})")
        only = {"filter_path": "nodes.*.plugins.name"}
        answered = self._request("GET", "/_nodes/plugins", params=only, timeout_s=timeout_s)
        names = [{plugin["name"] for plugin in node["plugins"]} for node in answered.get("nodes", {}).values()]
        everywhere = frozenset(set.intersection(*names)) if names else frozenset()
        return EngineInfo(str(version["number"]), str(answer["cluster_name"]), everywhere)

    def check(self, timeout_s: float | None = None) -> EngineInfo:
        """Ask what the cluster is; raises :class:`~plugin.errors.EngineUnsupported` when it does not fit."""
        try:
            found = self._judged(timeout_s)
        except EngineError:
            self._fits = False
            raise
        self._fits = True
        return found

    def _judged(self, timeout_s: float | None) -> EngineInfo:
        found = self.info(timeout_s)
        number = tuple(int(part) for part in found.version.split("-")[0].split(".")[:2])
        if number < OLDEST or number >= TOO_NEW:
            raise EngineUnsupported(
                f"OpenSearch at {self.config.shown} is version {found.version}; "
                f"hybridrank needs {_dotted(OLDEST)} or newer, below {_dotted(TOO_NEW)}"
            )
        for plugin in ("opensearch-knn", "opensearch-neural-search"):
            if plugin not in found.plugins:
                raise EngineUnsupported(
                    f"OpenSearch at {self.config.shown} lacks the plugin {plugin}; install it on every node"
                )
        return found

    def is_red(self, index: str, timeout_s: float | None = None) -> bool:
        """Whether a part of an index is lost: of some shard no copy is there."""
        answer = self.request("GET", f"/_cluster/health/{index}", None, {"filter_path": "status"}, timeout_s)
        return bool(answer["status"] == "red")

    def _refusal(self, error: TransportError) -> EngineError:
        status = error.status_code
        if not isinstance(status, int):
            return EngineUnavailable(f"OpenSearch at {self.config.shown} does not answer")
        if status in {401, 403}:
            return EngineRejected(status, "the login may not do this; see OPENSEARCH_USER and OPENSEARCH_PASSWORD")
        info = error.info
        return _error_of(status, info.get("error", {}) if isinstance(info, dict) else {})


def _error_of(status: int, error: Any) -> EngineError:
    """Judge an error object of OpenSearch's answer."""
    reason = str(error)
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        reason = f"{causes[0].get('type', 'unknown')}: {causes[0].get('reason', '')}"
    if status in _BUSY or status >= 500:
        return EngineUnavailable(f"OpenSearch could not do it now (status {status}): {_short(reason)}")
    return EngineRejected(status, _short(reason))


def _short(text: object) -> str:
    one_line = " ".join(str(text).split())
    return one_line if len(one_line) <= _REASON_CHARS else one_line[: _REASON_CHARS - 1] + "…"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
