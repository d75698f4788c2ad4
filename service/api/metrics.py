"""``/metrics``: Prometheus' text format, over all workers."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..metrics import exposition
from .openapi import plain

blueprint = APIBlueprint("metrics", __name__, tag="metrics")


@blueprint.get("/metrics")
@blueprint.doc(responses=plain("metrics"))
def metrics() -> Response:
    """Counters and histograms."""
    body, content_type = exposition()
    return Response(body, content_type=content_type)
