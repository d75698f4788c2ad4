"""Whose an event is: said by the request that brought it, not by the event, wherever the request knows."""

from __future__ import annotations

from typing import Any

from personal.pseudonyms import Pseudonyms


def attributed(given: list[Any], pseudonyms: Pseudonyms, *, client_id: str | None, session: str | None) -> list[Any]:
    """Put the person and the session of a request into its events.

    Args:
        given: events as they were sent; what is no object is left to be rejected.
        pseudonyms: stand for sessions, for their names are not stored.
        client_id: of the person of the request; it replaces every event's own, so nobody can act in another's name.
        session: of the request; it replaces a ``session_id`` that is missing, or that repeats the session's own name.
    """
    session_id = "s." + pseudonyms.of("session", "", session) if session is not None else None

    def one(event: Any) -> Any:
        if not isinstance(event, dict):
            return event
        own = dict(event)
        if client_id is not None:
            own["client_id"] = client_id
        if session_id is not None and own.get("session_id") in (None, "", session):
            own["session_id"] = session_id
        return own

    return [one(event) for event in given]
