"""``GET /v1/suggest``: what to offer while somebody types."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from personal.profiles import NOTHING_HELD

from .. import metrics
from ..app import parts
from ..schemas.suggest import SuggestionOut, SuggestOut, SuggestPlace
from ..visitors import visitor_or_nobody
from .answers import answer, check_text

blueprint = APIBlueprint("suggest", __name__, tag="suggest")


@blueprint.get("/v1/suggest")
@blueprint.input(SuggestPlace, location="query", arg_name="place")
@blueprint.output(SuggestOut)
def suggest(place: SuggestPlace) -> Response:
    """Popular queries, phrases of the catalogue and the visitor's own history that fit what was typed so far."""
    here = parts()
    check_text("q", place.q, here.settings.max_query_chars)
    index = place.index or here.settings.index
    here.search.catalogue(index)  # an unknown one is named
    who, lacks = visitor_or_nobody()
    held, unread = here.people.read(who, index) if who.owner is not None else (NOTHING_HELD, None)
    with metrics.stage("suggest"):
        found = here.suggest.suggester.suggest(index, place.q, place.size, held)
    out = [SuggestionOut(text=one.text, score=one.score, reason=one.reason) for one in found]
    return answer(SuggestOut(suggestions=out, degraded=lacks or unread))
