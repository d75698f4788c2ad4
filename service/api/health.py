"""``/healthz``: the process is alive. ``/readyz``: it can answer a search, or why not."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..app import parts
from ..schemas.health import ReadyOut
from .answers import answer
from .openapi import plain, same_body

blueprint = APIBlueprint("health", __name__, tag="health")


@blueprint.get("/healthz")
@blueprint.doc(responses=plain("alive"))
def healthz() -> Response:
    """Alive."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
@blueprint.output(ReadyOut)
@blueprint.doc(responses=same_body(503, "Not ready; the body is the same.", "ReadyOut"))
def readyz() -> Response:
    """Able to answer a search."""
    found = parts().readiness()
    reasons = {name: reason for name, reason in found.reasons.items() if reason}
    return answer(ReadyOut(ready=found.ready, reasons=reasons), 200 if found.ready else 503)
