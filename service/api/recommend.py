"""``GET /v1/recommend``."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..app import parts
from ..problems import invalid
from ..recommend import Ask
from ..schemas.recommend import MAX_EXCLUDED, RecommendOut, RecommendPlace
from .answers import answer

blueprint = APIBlueprint("recommend", __name__, tag="recommend")


@blueprint.get("/v1/recommend")
@blueprint.input(RecommendPlace, location="query", arg_name="place")
@blueprint.output(RecommendOut)
def recommend(place: RecommendPlace) -> Response:
    """What goes with an item, a visit and a person; without an item, what goes with the visit's latest."""
    return answer(parts().recommend.answer(asked(place)))


def asked(place: RecommendPlace) -> Ask:
    """The question of a request.

    Raises:
        Problem: more ids are excluded than may be.
    """
    exclude = tuple(dict.fromkeys(name for name in (place.exclude or "").split(",") if name))
    if len(exclude) > MAX_EXCLUDED:
        raise invalid("exclude", f"at most {MAX_EXCLUDED} ids, got {len(exclude)}")
    return Ask(place.index, place.item, place.size, place.diversity, exclude)
