"""``/v1/profile``: what is held about the caller's person and visit, and its erasure."""

from __future__ import annotations

from dataclasses import asdict

from apiflask import APIBlueprint
from flask import Response, g

from personal.visitor import Visitor

from .. import metrics
from ..app import parts
from ..eventletters import forget
from ..problems import Problem
from ..schemas.profile import ErasedOut, HeldOut
from ..visitors import known_visitor
from .answers import answer

SHOWN = 1000
"""Entries of each log that are shown; the command line exports all."""

blueprint = APIBlueprint("profile", __name__, tag="profile")


@blueprint.get("/v1/profile")
@blueprint.output(HeldOut)
def held() -> Response:
    """Everything that is held about the visitor."""
    response = answer(HeldOut(**parts().erasure.held(_somebody(), most=SHOWN)))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.delete("/v1/profile")
@blueprint.output(ErasedOut)
def erase() -> Response:
    """Erase the visitor: key, profile, visits, events, queries, their part in counters and suggestions."""
    who = _somebody()
    subject = g.person.subject if g.person is not None else None
    with metrics.stage("erase"):
        done = parts().erasure.erase(who, subject)
        names = (subject, who.client_id, who.session, who.session_id)
        forget(parts().settings.home, [name for name in names if name is not None])
    return answer(ErasedOut(**asdict(done)))


def _somebody() -> Visitor:
    if g.person is None and g.session is None:
        detail = "Whose? Send the person's token in X-Hybridrank-Person, or the visit's name in X-Hybridrank-Session."
        raise Problem(401, "no-person", detail, [("X-Hybridrank-Person", "missing")])
    return known_visitor()
