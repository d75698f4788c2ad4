"""``GET /v1/related``."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..app import parts
from ..related import related as find
from ..schemas.related import RelatedOut, RelatedPlace
from ..visitors import visitor_or_nobody
from .answers import answer
from .recommend import listed

blueprint = APIBlueprint("related", __name__, tag="related")


@blueprint.get("/v1/related")
@blueprint.input(RelatedPlace, location="query", arg_name="place")
@blueprint.output(RelatedOut)
def related(place: RelatedPlace) -> Response:
    """Queries to go on with, and documents beside those of a result page."""
    who, lacks = visitor_or_nobody()
    shown = listed("shown", place.shown)
    found = find(parts(), place.index, place.query, shown, place.size, visitor=who)
    if lacks is not None:
        found = found.model_copy(update={"degraded": ", ".join(filter(None, (lacks, found.degraded)))})
    return answer(found)
