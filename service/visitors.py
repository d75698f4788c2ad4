"""Who the current request is about, with their keys: resolved once a request, where it is first needed."""

from __future__ import annotations

from flask import g

from personal.errors import PersonalError
from personal.visitor import NOBODY, Visitor

from .app import parts
from .people import without


def visitor() -> Visitor:
    """The visitor of the current request.

    Raises:
        KeyStoreUnusable, SecretUnusable, SealBroken: the keys of people cannot be used.
    """
    found: Visitor | None = g.get("visitor")
    if found is None:
        if g.person is None and g.session is None:
            found = NOBODY
        else:
            found = parts().people.visitor(g.person, g.session, tenant=g.caller.tenant)
        g.visitor = found
    return found


def known_visitor() -> Visitor:
    """The visitor as far as they were here before: asking what is held makes no key. Raises as :func:`visitor` does."""
    return parts().people.known(g.person, g.session, tenant=g.caller.tenant)


def visitor_or_nobody() -> tuple[Visitor, str | None]:
    """The visitor; where the keys of people cannot be used nobody, and ``"profile"`` as what the answer lacks."""
    try:
        return visitor(), None
    except PersonalError as error:
        without("profile", error)
        return NOBODY, "profile"
