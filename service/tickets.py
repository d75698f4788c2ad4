"""Tickets: what one call of a pair knows and the other needs, sealed, so that the service keeps nothing in between."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from personal.pseudonyms import Pseudonyms

from .problems import invalid

VALID_S = 300.0
_PURPOSE = "ticket"


class Tickets:
    """Seals and opens tickets under the key that all workers of a deployment share. Thread-safe."""

    def __init__(self, key: Pseudonyms) -> None:
        self._key = key

    def seal(self, value: dict[str, Any]) -> str:
        """A text that nobody can alter and that :meth:`open` turns back into the value, for :data:`VALID_S` seconds."""
        text = json.dumps([int(time.time()), value], ensure_ascii=False, separators=(",", ":"))
        body = base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii")
        return f"{body}.{self._key.of(_PURPOSE, '', body)}"

    def open(self, ticket: str) -> dict[str, Any]:
        """Open a ticket.

        Raises:
            Problem: it is not one of ours, or too old.
        """
        body, _, seal = ticket.partition(".")
        if not self._key.matches(seal, _PURPOSE, "", body):
            raise invalid("ticket", "was not given by this deployment")
        try:
            made, value = json.loads(base64.urlsafe_b64decode(body))
        except (binascii.Error, ValueError) as error:
            raise invalid("ticket", "is damaged") from error
        if time.time() - made > VALID_S:
            raise invalid("ticket", "is too old; ask for the query again")
        opened: dict[str, Any] = value
        return opened
