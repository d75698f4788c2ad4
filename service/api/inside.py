"""``POST /v1/plugin/query``, ``/v1/plugin/rank`` and ``/v1/plugin/documents``: what OpenSearch's own pipeline asks."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from ..app import parts
from ..metrics import stage
from ..schemas.inside import (
    PluginDocumentsBody,
    PluginDocumentsOut,
    PluginQueryBody,
    PluginQueryOut,
    PluginRankBody,
    PluginRankOut,
)
from ..visitors import visitor_or_nobody
from .answers import answer

blueprint = APIBlueprint("inside", __name__, tag="plugin")


@blueprint.post("/v1/plugin/query")
@blueprint.input(PluginQueryBody, arg_name="body")
@blueprint.output(PluginQueryOut)
def query(body: PluginQueryBody) -> Response:
    """The clauses that an ordinary query becomes, and the ticket for its window."""
    with stage("plugin_query"):
        return answer(parts().inside.query(body, visitor_or_nobody()[0]))


@blueprint.post("/v1/plugin/rank")
@blueprint.input(PluginRankBody, arg_name="body")
@blueprint.output(PluginRankOut)
def rank(body: PluginRankBody) -> Response:
    """The order of a window that the engine has found."""
    with stage("plugin_rank"):
        who, lacks = visitor_or_nobody()
        return answer(parts().inside.rank(body, who, lacks=lacks))


@blueprint.post("/v1/plugin/documents")
@blueprint.input(PluginDocumentsBody, arg_name="body")
@blueprint.output(PluginDocumentsOut)
def documents(body: PluginDocumentsBody) -> Response:
    """The vectors of documents that are being written."""
    return answer(parts().inside.documents(body))
