"""``POST /v1/search``."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from ..app import parts
from ..explain.brief import with_sentences
from ..schemas.search import SearchBody, SearchOut
from ..visitors import visitor_or_nobody
from .answers import answer, check_text

blueprint = APIBlueprint("search", __name__, tag="search")


@blueprint.post("/v1/search")
@blueprint.input(SearchBody, arg_name="body")
@blueprint.output(SearchOut)
def search(body: SearchBody) -> Response:
    """Search a catalogue by words, by a picture, or by both; or browse it where neither is given."""
    here = parts()
    check_text("query", body.query or "", here.settings.max_query_chars)
    who, lacks = visitor_or_nobody()
    found = here.search.answer(body, who, lacks=lacks)
    if body.explain:
        wanted = (name.lower().split("-")[0] for name in request.accept_languages.values())
        first = next((name for name in wanted if name in {"en", "zh"}), "en")
        found = with_sentences(found, "zh" if first == "zh" else "en")
    return answer(found)
