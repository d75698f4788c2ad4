"""The policy: who may call which endpoint, and whose data it touches. Read from ``policy.toml`` beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .keys import ROLES, Role

FILE = Path(__file__).parent / "policy.toml"
Owner = Literal["nobody", "self", "tenant"]


class PolicyError(ValueError):
    """The policy is malformed, or says nothing of an endpoint; the message names which."""


class Rule(BaseModel):
    """What holds for one endpoint.

    Attributes:
        roles: that may call it; ``anyone`` alone asks for no key.
        owner: whose data it touches: nobody's, the request's own person and visit, or people of the key's tenant.
        personal: whether it reads or erases what is kept about people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: frozenset[Role | Literal["anyone"]] = Field(min_length=1)
    owner: Owner
    personal: bool

    @property
    def open(self) -> bool:
        """Whether no key is needed."""
        return "anyone" in self.roles

    @model_validator(mode="after")
    def _sane(self) -> Rule:
        if self.open and (len(self.roles) > 1 or self.owner != "nobody" or self.personal):
            raise ValueError("what anyone may call names no other role and touches nobody's data")
        if self.personal and self.owner == "nobody":
            raise ValueError("what touches nobody's data reads nothing personal")
        return self


class Policy(BaseModel):
    """The whole file: what each role is, and a rule for each endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: Mapping[Role, str]
    endpoints: Mapping[str, Rule]

    def of(self, endpoint: str) -> Rule:
        """The rule of an endpoint.

        Raises:
            PolicyError: there is none.
        """
        rule = self.endpoints.get(endpoint)
        if rule is None:
            raise PolicyError(f"policy.toml says nothing of endpoint {endpoint}: nobody may call it; set who may")
        return rule

    def check(self, endpoints: Iterable[str]) -> None:
        """See that every endpoint has a rule.

        Raises:
            PolicyError: one has none.
        """
        missing = sorted(set(endpoints) - self.endpoints.keys())
        if missing:
            raise PolicyError(f"policy.toml says nothing of {', '.join(missing)}; add who may call it")


def parsed(text: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        PolicyError: it is malformed or does not describe every role.
    """
    try:
        policy = Policy.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(f"policy.toml: {error}; restore the file") from error
    if policy.roles.keys() != set(ROLES):
        raise PolicyError(f"policy.toml: [roles] has to describe exactly {', '.join(ROLES)}; restore the file")
    return policy


@cache
def load() -> Policy:
    """The policy of the service; raises as :func:`parsed` does."""
    return parsed(FILE.read_text("utf-8"))
