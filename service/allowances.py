"""How much one caller may ask: allowances, counted for all workers of a deployment together in Redis.

A caller has an allowance by the role of the key (each tenant its own), and one by whom the request speaks for: the
person, or the visit where nobody is logged in. A window slides: the count of the window before weighs as much as is
left of it (``limits``, sliding window counter). What is beyond is answered 429 with the header fields of
draft-ietf-httpapi-ratelimit-headers, which other answers carry too.

While Redis does not answer each worker counts by itself, its share of the allowance: a search that works is worth more
than an exact count, and callers are still bounded. ``hybridrank_allowances_alone_total`` counts these requests.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask, Response, g

from personal import pseudonyms

from . import metrics
from .keys import ROLES
from .problems import Problem
from .secretsettings import given
from .settings import Settings

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.storage import Storage
    from limits.strategies import SlidingWindowCounterRateLimiter

log = logging.getLogger("hybridrank.service")

PERSON, VISIT = "person", "visit"
NAMES = (*ROLES, PERSON, VISIT)
SCHEMES = ("redis://", "rediss://", "redis+unix://")
PREFIX = "hybridrank:allowance"
WAIT_S = 0.25
"""How long Redis may take."""
PAUSE_S = 1.0
"""For how long a worker counts by itself before it asks Redis again."""


class AllowanceError(OSError):
    """The settings of allowances cannot be; the message names the setting and what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of one allowance.

    Attributes:
        name: of the allowance.
        left: requests.
        reset_s: seconds until more is left.
    """

    name: str
    left: int
    reset_s: int


class Allowances:
    """Counts requests. Thread-safe.

    Args:
        limits: by name.
        url: of Redis; ``None`` counts in this process, which then has to be the only one.
        workers: of this service.

    Raises:
        AllowanceError: Redis is named and its client is not installed, or cannot read the address.
    """

    def __init__(self, limits: Mapping[str, RateLimitItem], url: str | None, *, workers: int) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import SlidingWindowCounterRateLimiter

        self.limits = limits
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._together = SlidingWindowCounterRateLimiter(_redis(url)) if url is not None else None
        self._shares = {name: _share(limit, workers) for name, limit in limits.items()} if url is not None else limits
        self._lock = threading.Lock()
        self._alone_until = 0.0

    def take(self, who: Sequence[tuple[str, str]]) -> tuple[bool, list[Standing]]:
        """Count one request.

        Args:
            who: (name of an allowance, whose it is), the narrowest first. What stands behind one that is used up is
                not counted.

        Returns:
            Whether all allow it, and what is left of each that was asked.
        """
        if self._together is not None and time.monotonic() >= self._alone_until:
            try:
                answer = self._taken(self._together, self.limits, who)
            except self._together.storage.base_exceptions as error:
                with self._lock:
                    self._alone_until = time.monotonic() + PAUSE_S
                log.warning("allowances: Redis does not answer (%s); each worker counts alone", type(error).__name__)
            else:
                return answer
        if self._together is not None:
            metrics.ALLOWANCES_ALONE.inc()
        return self._taken(self._alone, self._shares, who)

    @staticmethod
    def _taken(
        limiter: SlidingWindowCounterRateLimiter, limits: Mapping[str, RateLimitItem], who: Sequence[tuple[str, str]]
    ) -> tuple[bool, list[Standing]]:
        standings = []
        for name, whose in who:
            allowed = limiter.hit(limits[name], whose)
            stats = limiter.get_window_stats(limits[name], whose)
            reset_s = max(1, math.ceil(stats.reset_time - time.time()))
            standings.append(Standing(name, int(stats.remaining) if allowed else 0, reset_s))
            if not allowed:
                return False, standings
        return True, standings


def of(settings: Settings, *, workers: int) -> Allowances | None:
    """The allowances of a service; ``None`` where none is set.

    Raises:
        AllowanceError: one cannot be read, or there are several workers and nothing that counts for them together.
    """
    limits = parsed(settings.allowances)
    url = given(settings.redis, settings.redis_file, "HYBRIDRANK_REDIS", SCHEMES, AllowanceError)
    if not limits:
        return None
    if url is None and workers > 1:
        raise AllowanceError(
            f"HYBRIDRANK_ALLOWANCES: {workers} workers would each count by themselves; set HYBRIDRANK_REDIS, or serve "
            "with one worker"
        )
    return Allowances(limits, url, workers=workers)


def parsed(given: Mapping[str, str]) -> dict[str, RateLimitItem]:
    """Read allowances such as ``{"shop": "6000/minute"}``.

    Raises:
        AllowanceError: a name is unknown, or an allowance is none.
    """
    if not given:
        return {}
    from limits import parse

    found = {}
    for name, text in given.items():
        if name not in NAMES:
            raise AllowanceError(f"HYBRIDRANK_ALLOWANCES: {name}: not one of {', '.join(NAMES)}")
        try:
            found[name] = parse(text)
        except ValueError:
            raise AllowanceError(
                f"HYBRIDRANK_ALLOWANCES: {name}: {text!r} is not of the form 600/minute; give such a one"
            ) from None
        if found[name].amount < 1:
            raise AllowanceError(
                f"HYBRIDRANK_ALLOWANCES: {name}: an allowance is 1 or more; leave the name out for no limit"
            )
    return found


def install(app: Flask, allowances: Allowances) -> None:
    """Count every request but those that are open to anyone; after the guard, which says who asks."""
    names = _Names(app.extensions["hybridrank"].settings)

    @app.before_request
    def take() -> None:
        if g.get("caller") is None:
            return
        who = [one for one in names.of_request() if one[0] in allowances.limits]
        if not who:
            return
        allowed, g.standings = allowances.take(who)
        if not allowed:
            spent = g.standings[-1]
            metrics.RATE_LIMITED.labels(spent.name).inc()
            detail = f"The allowance of this {_of_whom(spent.name)} is used up; come again after Retry-After."
            raise Problem(429, "rate-limited", detail, headers={"Retry-After": str(spent.reset_s)})

    @app.after_request
    def tell(response: Response) -> Response:
        standings: list[Standing] = g.get("standings", [])
        if standings:
            limits = [(one.name, allowances.limits[one.name]) for one in standings]
            response.headers["RateLimit-Policy"] = ", ".join(
                f'"{name}";q={limit.amount};w={limit.get_expiry()}' for name, limit in limits
            )
            response.headers["RateLimit"] = ", ".join(f'"{s.name}";r={s.left};t={s.reset_s}' for s in standings)
        return response


class _Names:
    """Whose an allowance is, as Redis may know it: a digest under the key that stands for people in the counters."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _digests(self) -> pseudonyms.Pseudonyms:
        return pseudonyms.load(self._settings.home)

    def of_request(self) -> Iterator[tuple[str, str]]:
        """The allowances that the current request uses, the narrowest first."""
        tenant = g.caller.tenant
        if g.person is not None:
            yield PERSON, self._digests.of("allowance of a person", tenant, g.person.subject)
        elif g.session is not None:
            yield VISIT, self._digests.of("allowance of a visit", tenant, g.session)
        yield g.caller.role, self._digests.of("allowance of a key", tenant, g.caller.role)


def _of_whom(name: str) -> str:
    return name if name in {PERSON, VISIT} else f"shop's {name} keys"


def _share(limit: RateLimitItem, workers: int) -> RateLimitItem:
    return type(limit)(math.ceil(limit.amount / workers), limit.multiples, limit.namespace)


def _redis(url: str) -> Storage:
    try:
        import redis
    except ImportError as error:
        raise AllowanceError("HYBRIDRANK_REDIS needs: pip install 'hybridrank[redis]'") from error
    from limits.storage import RedisStorage
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        pool = redis.ConnectionPool.from_url(
            url.replace("redis+unix://", "unix://"),
            socket_timeout=WAIT_S,
            socket_connect_timeout=WAIT_S,
            retry=Retry(NoBackoff(), 1),
        )
    except (ValueError, redis.RedisError):
        raise AllowanceError("HYBRIDRANK_REDIS: cannot be read; it is redis://:PASSWORD@HOST:PORT/NUMBER") from None
    return RedisStorage(url, connection_pool=pool, key_prefix=PREFIX)
