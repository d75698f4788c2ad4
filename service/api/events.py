"""``POST /v1/events``, ``/ubi_events``: what people did, as UBI 1.3.0 events."""

from __future__ import annotations

import logging

from apiflask import APIBlueprint
from flask import Response

from .. import metrics
from ..app import parts
from ..attribution import attributed
from ..problems import Problem
from ..schemas.events import EventsBody, EventsOut, RejectedOut
from ..visitors import visitor
from .answers import answer

log = logging.getLogger("hybridrank.service")
blueprint = APIBlueprint("events", __name__, tag="events")


@blueprint.post("/v1/events")
@blueprint.input(EventsBody, arg_name="body")
@blueprint.output(EventsOut)
def events(body: EventsBody) -> Response:
    """Take in one event or a list of them. Accepted means stored; the next search uses them."""
    here = parts()
    given = body.root if isinstance(body.root, list) else [body.root]
    if len(given) > here.settings.max_events:
        detail = f"At most {here.settings.max_events} events in one call, got {len(given)}; send several calls."
        raise Problem(413, "too-many-events", detail, [("body", "too many events")])
    who = visitor()
    with metrics.stage("events"):
        taken = here.behaviour.intake.take(attributed(given, who), default=here.settings.index)
    if taken.fresh and who.owner is not None:
        fresh = [(event.id, event.document) for event in taken.fresh]
        here.people.learn(who, fresh)
        here.streams.changed(who.owner)
        here.people.share(who, fresh)
    metrics.EVENTS.labels("stored").inc(taken.stored)
    metrics.EVENTS.labels("duplicate").inc(taken.duplicates)
    metrics.EVENTS.labels("rejected").inc(len(taken.rejected))
    if taken.fold_failed:
        metrics.UNCOUNTED.labels(taken.fold_failed).inc()
        log.warning("events are stored, but counted later: %s", taken.fold_failed)
    rejected = [RejectedOut(index=refusal.index, reason=str(refusal)) for refusal in taken.rejected]
    return answer(EventsOut(accepted=taken.stored + taken.duplicates, rejected=rejected))


# Where the JavaScript collector of OpenSearch posts, below the address that it is given.
blueprint.add_url_rule("/ubi_events", endpoint="events", view_func=events, methods=["POST"])
