"""``GET /v1/recommend`` and its stream."""

from __future__ import annotations

from functools import partial

from apiflask import APIBlueprint
from flask import Response, request

from ..app import parts
from ..gunicorn import gone
from ..problems import invalid
from ..recommend import Ask
from ..schemas.recommend import MAX_EXCLUDED, RecommendOut, RecommendPlace
from ..visitors import visitor_or_nobody
from .answers import answer
from .openapi import plain

blueprint = APIBlueprint("recommend", __name__, tag="recommend")


@blueprint.get("/v1/recommend")
@blueprint.input(RecommendPlace, location="query", arg_name="place")
@blueprint.output(RecommendOut)
def recommend(place: RecommendPlace) -> Response:
    """What goes with an item, a visit and a person; without an item, what goes with the visit's latest."""
    return answer(parts().recommend.answer(asked(place)))


@blueprint.get("/v1/recommend/stream")
@blueprint.input(RecommendPlace, location="query", arg_name="place")
@blueprint.doc(responses=plain("Server-sent events.", "text/event-stream"))
def stream(place: RecommendPlace) -> Response:
    """Server-sent events: the list as it is, and a new one within a second of anything that the visitor does."""
    here = parts()
    events = here.streams.follow(here, asked(place), partial(gone, request.environ))
    response = Response(events, content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # a proxy that collects the answer would hold every list back
    return response


def asked(place: RecommendPlace) -> Ask:
    """The question of a request.

    Raises:
        Problem: more ids are excluded than may be.
    """
    exclude = listed("exclude", place.exclude)
    who, lacks = visitor_or_nobody()
    return Ask(place.index, place.item, place.size, place.diversity, exclude, who, lacks, place.social, place.language)


def listed(field: str, text: str | None) -> tuple[str, ...]:
    """Ids that an address holds, comma-separated.

    Raises:
        Problem: more than may be.
    """
    ids = tuple(dict.fromkeys(name for name in (text or "").split(",") if name))
    if len(ids) > MAX_EXCLUDED:
        raise invalid(field, f"at most {MAX_EXCLUDED} ids, got {len(ids)}")
    return ids
