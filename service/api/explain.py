"""``POST /v1/explain``."""

from __future__ import annotations

import threading
import time

from apiflask import APIBlueprint
from flask import Response

from .. import metrics
from ..app import parts
from ..explain import KINDS
from ..problems import Problem
from ..schemas.explain import ExplainBody, ExplainOut
from ..visitors import visitor_or_nobody
from .answers import answer, check_text

WAIT_S = 5.0
FIRST_S = 0.1
"""How long it lets others go first before it gathers anything: about as long as a search takes."""

blueprint = APIBlueprint("explain", __name__, tag="explain")
_one_at_a_time = threading.BoundedSemaphore(1)
"""An explanation computes; even one that cannot stand aside, within a piece of work, is one at most."""


@blueprint.post("/v1/explain")
@blueprint.input(ExplainBody, arg_name="body")
@blueprint.output(ExplainOut)
def explain(body: ExplainBody) -> Response:
    """Why a result, a recommendation or a suggestion stands where it does, for the caller who got it."""
    here = parts()
    check_text("query", body.query or "", here.settings.max_query_chars)
    who, lacks = visitor_or_nobody()
    if not _one_at_a_time.acquire(timeout=WAIT_S):
        detail = "Explanations are computed one at a time; this one waited too long."
        raise Problem(429, "overloaded", detail, headers={"Retry-After": "2"})
    try:
        here.foreground.make_way(time.monotonic() + FIRST_S)
        with metrics.stage("explain"):
            return answer(KINDS[body.kind](here, body, who, lacks=lacks))
    finally:
        _one_at_a_time.release()
