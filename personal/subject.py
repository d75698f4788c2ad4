"""Whom a request is about: a person of a tenant, as the tenant itself names them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who is logged in at a shop.

    Attributes:
        tenant: the shop.
        subject: the shop's own name for the person. It is neither stored nor logged; ``repr`` leaves it out.
    """

    tenant: str
    subject: str = field(repr=False)
