"""``/v1/graph``: who is whose friend, as the shop says; ``/v1/sharing``: what the person themself lets friends see."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g

from personal.keystore import Identity

from ..app import parts
from ..problems import Problem
from ..schemas.graph import EdgeRejectedOut, GraphBody, GraphOut, SharingOut
from ..visitors import visitor
from .answers import answer

blueprint = APIBlueprint("graph", __name__, tag="graph")


@blueprint.post("/v1/graph")
@blueprint.input(GraphBody, arg_name="body")
@blueprint.output(GraphOut)
def graph(body: GraphBody) -> Response:
    """Take friendships in, and away. What is so already changes nothing."""
    friends = parts().friends
    accepted, rejected = 0, []
    for field, edges, remove in (("remove", body.remove, True), ("edges", body.edges, False)):
        if edges:
            done = friends.link(g.caller.tenant, edges, remove=remove)
            accepted += done.accepted
            rejected += [EdgeRejectedOut(field=field, index=place, reason=reason) for place, reason in done.rejected]
    return answer(GraphOut(accepted=accepted, rejected=rejected))


@blueprint.get("/v1/sharing")
@blueprint.output(SharingOut)
def sharing() -> Response:
    """Whether the person shares what they do."""
    return answer(SharingOut(sharing=parts().friends.shares(_person())))


@blueprint.put("/v1/sharing")
@blueprint.output(SharingOut)
def share() -> Response:
    """From now on share with friends what the person does; what they did before is not shared."""
    parts().friends.share(_person())
    return answer(SharingOut(sharing=True))


@blueprint.delete("/v1/sharing")
@blueprint.output(SharingOut)
def unshare() -> Response:
    """Take back everything that was ever shared."""
    parts().friends.unshare(_person())
    return answer(SharingOut(sharing=False))


def _person() -> Identity:
    person = visitor().person
    if person is None:
        detail = "Only a person can say what they share: send X-Hybridrank-Person."
        raise Problem(401, "person-needed", detail, [("X-Hybridrank-Person", "missing")])
    return person
