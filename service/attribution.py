"""Whose an event is: said by the request that brought it, not by the event, wherever the request knows."""

from __future__ import annotations

from typing import Any

from personal.person import Person
from personal.pseudonyms import Pseudonyms


def attributed(given: list[Any], pseudonyms: Pseudonyms, person: Person | None, session: str | None) -> list[Any]:
    """Put the person and the session of a request into its events.

    Args:
        given: events as they were sent; what is no object is left to be rejected.
        pseudonyms: stand for both, for names of people and sessions are not stored.
        person: replaces every event's ``client_id``, so nobody can act in another's name.
        session: replaces a ``session_id`` that is missing, or that repeats the session's own name.
    """
    client_id = pseudonyms.of("subject", person.tenant, person.subject) if person is not None else None
    session_id = pseudonyms.of("session", "", session) if session is not None else None

    def one(event: Any) -> Any:
        if not isinstance(event, dict):
            return event
        own = dict(event)
        if client_id is not None:
            own["client_id"] = "p." + client_id
        if session_id is not None and own.get("session_id") in (None, "", session):
            own["session_id"] = "s." + session_id
        return own

    return [one(event) for event in given]
