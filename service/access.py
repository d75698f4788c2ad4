"""Who calls: decided once, by the policy, before any endpoint's own code runs.

Endpoints read ``g.caller`` (whose key it is and what it may do), ``g.person`` (who is logged in at the shop, or
``None``) and ``g.session`` (the visit, or ``None``), and nothing else. In what anyone may read all three are ``None``;
an endpoint that touches nobody's data is told of no person and no visit, whatever the request says.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from apiflask import APIFlask
from flask import g, request

from personal.subject import Subject

from .keys import DEFAULT_TENANT, Caller, KeyRing
from .persons import PersonTokens, TokenRefused
from .policy import Policy, Rule
from .problems import Problem, invalid

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OWN_PAGE = frozenset({"none", "same-origin"})
"""What a browser says in ``Sec-Fetch-Site`` of a call by the service's own page; programs say nothing."""

PERSON_HEADER = "X-Hybridrank-Person"
SESSION_HEADER = "X-Hybridrank-Session"
PERSON_COOKIE = "hybridrank_person"
SESSION_COOKIE = "hybridrank_session"
SESSION = re.compile(r"[A-Za-z0-9_-]{8,128}")


def install(app: APIFlask, *, policy: Policy, ring: KeyRing | None, tokens: PersonTokens) -> None:
    """Guard every endpoint.

    Args:
        app: the application.
        policy: who may call what.
        ring: the keys; ``None`` is demo mode, which needs no key, is bound to loopback, and therefore takes only
            requests that were addressed to loopback and did not come from another site's page.
        tokens: checks who a person token speaks of.
    """

    @app.before_request
    def guard() -> None:
        g.caller = g.person = g.session = None
        if ring is None:
            _only_local()
        if request.endpoint is None:
            return
        g.rule = policy.of(request.endpoint)
        if g.rule.open:
            return
        caller = Caller(DEFAULT_TENANT, "admin") if ring is None else _keyed(ring)
        _permitted(caller, g.rule)
        person, session = _person(tokens, caller.tenant), _session()
        g.caller = caller
        if g.rule.owner == "self":
            g.person, g.session = person, session


def _person(tokens: PersonTokens, tenant: str) -> Subject | None:
    """Who the caller's token speaks of. A token that is not acceptable is refused, it is not "nobody"."""
    token = request.headers.get(PERSON_HEADER)
    cookie = _cookie(PERSON_COOKIE) if token is None else None
    given = token if token is not None else cookie
    if given is None:
        return None
    try:
        return tokens.person(given, tenant)
    except TokenRefused as error:
        field = PERSON_HEADER if cookie is None else f"cookie {PERSON_COOKIE}"
        # A browser sends a cookie until it is told to forget it, so one that has expired is taken away here.
        headers = {"Set-Cookie": f"{PERSON_COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"} if cookie else {}
        detail = f"The person token is refused: {error}."
        raise Problem(401, "invalid-person-token", detail, [(field, str(error))], headers) from error


def _session() -> str | None:
    header = request.headers.get(SESSION_HEADER)
    cookie = _cookie(SESSION_COOKIE) if header is None else None
    given = header if header is not None else cookie
    if given is not None and SESSION.fullmatch(given) is None:
        name = SESSION_HEADER if cookie is None else f"cookie {SESSION_COOKIE}"
        raise invalid(name, "8 to 128 characters of A-Z a-z 0-9 _ -")
    return given


def _cookie(name: str) -> str | None:
    """A cookie of the service's own page; what another site makes a browser send is not taken."""
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_PAGE:
        return None
    return request.cookies.get(name) or None


def _keyed(ring: KeyRing) -> Caller:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    caller = ring.caller(key.strip()) if scheme.lower() == "bearer" and key else None
    if caller is None:
        detail = "A key is needed: Authorization: Bearer KEY (hybridrank keys new --role shop makes one)."
        raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="hybridrank"'})
    return caller


def _permitted(caller: Caller, rule: Rule) -> None:
    if caller.role not in rule.roles:
        raise Problem(403, "forbidden", f"A key of role {caller.role} may not call this.")


def _only_local() -> None:
    """Keep other sites' pages out: a name that was rebound to loopback, or a request sent across sites."""
    host = urlsplit(f"//{request.host}").hostname
    if host not in LOOPBACK:
        raise Problem(
            421, "not-local", "Demo mode answers only to 127.0.0.1 and localhost.", [("Host", "not loopback")]
        )
    if request.method not in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Site", "none") not in OWN_PAGE:
        raise Problem(403, "cross-site", "Demo mode takes no calls from other sites' pages.")
