"""Who may call: decided once, before any endpoint's own code runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from apiflask import APIFlask
from flask import Response, g, request

from .keys import Caller, KeyRing, Role
from .problems import Problem

OPEN = frozenset({"health.healthz", "health.readyz", "page.index", "page.asset", "openapi.spec"})
"""Endpoints without data of a shop; anyone may read them."""

ALLOWED: dict[Role, frozenset[str] | None] = {
    "admin": None,
    "shop": frozenset({"search.search", "rerank.rerank", "embed.embed", "events.events", "page.media"}),
    "metrics": frozenset({"metrics.metrics"}),
}
"""Which endpoints a role may call; ``None`` is every one."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def install(app: APIFlask, *, ring: KeyRing | None) -> None:
    """Guard every endpoint.

    Args:
        app: the application.
        ring: the keys; ``None`` is demo mode, which needs no key, is bound to loopback, and therefore takes only
            requests that were addressed to loopback and did not come from another site's page.
    """

    @app.before_request
    def guard() -> Response | None:
        if ring is None:
            _only_local()
            g.caller = Caller("demo", "admin")
        elif request.endpoint is not None and request.endpoint not in OPEN:
            g.caller = _keyed(ring)
        return None


def _keyed(ring: KeyRing) -> Caller:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    caller = ring.caller(key.strip()) if scheme.lower() == "bearer" and key else None
    if caller is None:
        detail = "A key is needed: Authorization: Bearer KEY (hybridrank keys new --role shop makes one)."
        raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="hybridrank"'})
    allowed = ALLOWED[caller.role]
    if allowed is not None and request.endpoint not in allowed:
        raise Problem(403, "forbidden", f"A key of role {caller.role} may not call this.")
    return caller


def _only_local() -> None:
    """Keep other sites' pages out: a name that was rebound to loopback, or a request sent across sites."""
    host = urlsplit(f"//{request.host}").hostname
    if host not in LOOPBACK:
        raise Problem(
            421, "not-local", "Demo mode answers only to 127.0.0.1 and localhost.", [("Host", "not loopback")]
        )
    if request.method not in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Site", "none") not in {
        "none",
        "same-origin",
    }:
        raise Problem(403, "cross-site", "Demo mode takes no calls from other sites' pages.")
