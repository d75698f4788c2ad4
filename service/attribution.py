"""Whose an event is: said by the request that brought it, not by the event, wherever the request knows."""

from __future__ import annotations

from typing import Any

from personal.keystore import PREFIX
from personal.visitor import Visitor


def attributed(given: list[Any], visitor: Visitor) -> list[Any]:
    """Put the person and the session of a request into its events.

    Args:
        given: events as they were sent; what is no object is left to be rejected.
        visitor: who sent them. The pseudonym replaces every event's ``client_id``, so nobody can act in another's name;
            the session's stand-in replaces a ``session_id`` that is missing or that repeats the session's own name. Of
            a request without a person, a ``client_id`` in the form of a pseudonym is made another name.
    """
    client_id, session, session_id = visitor.client_id, visitor.session, visitor.session_id

    def one(event: Any) -> Any:
        if not isinstance(event, dict):
            return event
        own = dict(event)
        if client_id is not None:
            own["client_id"] = client_id
        elif isinstance(own.get("client_id"), str) and own["client_id"].startswith(PREFIX):
            own["client_id"] = "x" + own["client_id"]
        if session_id is not None and own.get("session_id") in (None, "", session):
            own["session_id"] = session_id
        return own

    return [one(event) for event in given]
