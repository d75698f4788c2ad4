"""Who a request is about, as far as keys are concerned: a person, a visit, both or neither."""

from __future__ import annotations

from dataclasses import dataclass, field

from .keystore import Identity


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who asks.

    Attributes:
        tenant: the shop.
        person: who is logged in, or ``None``.
        session: the visit's name as the request has it, or ``None``; ``repr`` leaves it out.
        session_id: what stands for it in events and logs, or ``None``.
    """

    tenant: str
    person: Identity | None = None
    session: str | None = field(default=None, repr=False)
    session_id: str | None = None

    @property
    def client_id(self) -> str | None:
        """What stands for the person in events and logs."""
        return self.person.pseudonym if self.person is not None else None

    @property
    def owner(self) -> str | None:
        """Whose an order is that was made for this visitor alone; ``None``: anybody's."""
        return self.client_id or self.session_id


NOBODY = Visitor("")
