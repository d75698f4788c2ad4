"""What the shops of a federated run agree on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...people import TrainedOn
from ..settings import FinetuneSettings

Rule = Literal["mean", "median", "trimmed", "krum"]
LEAST_IN_A_SUM = 3
"""Of two, each can take its own part from the sum and has the other's."""


class Told(BaseModel):
    """What a shop says of itself with its update. It comes from outside, so it is checked as such.

    Attributes:
        windows: how many it learns from.
        sources: of these, how many came from which data.
        people: whose behaviour they hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: int = Field(ge=1)
    sources: dict[Annotated[str, Field(max_length=100)], int] = Field(max_length=100)
    people: TrainedOn | None = None


class FederatedSettings(BaseModel):
    """How updates are put together; kept in the model card.

    Attributes:
        secure: only sums are seen (SecAgg+; Bell et al., CCS 2020).
        rule: of single updates; all but ``mean`` hold against ``tolerate`` shops that send what they like.
        at_least: shops without which no round begins.
        weight_cap: a shop's part in a mean grows with its windows up to here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shops: int = Field(ge=2, le=256)
    rounds: int = Field(10, ge=1, le=1000)
    secure: bool = False
    rule: Rule = "mean"
    tolerate: int = Field(1, ge=1)
    weight_cap: int = Field(1000, ge=1)
    training: FinetuneSettings

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.secure and self.rule != "mean":
            raise ValueError(
                f"secure and rule {self.rule} exclude each other: a robust rule compares the single updates, and "
                "secure aggregation hides them from whoever would compare; choose one"
            )
        if self.secure and self.shops < LEAST_IN_A_SUM:
            raise ValueError(
                f"secure needs {LEAST_IN_A_SUM} shops or more: of a sum of two, each knows the other's part"
            )
        needed = {"median": 2 * self.tolerate + 1, "trimmed": 2 * self.tolerate + 1, "krum": 2 * self.tolerate + 3}
        if self.shops < needed.get(self.rule, 0):
            raise ValueError(
                f"rule {self.rule} holds against {self.tolerate} of {needed[self.rule]} shops or more, "
                f"not of {self.shops}"
            )
        return self

    @property
    def threshold(self) -> int:
        """Shops that must be left at the end of a secure round: a majority, and three at least."""
        return max(LEAST_IN_A_SUM, self.shops // 2 + 1)

    @property
    def at_least(self) -> int:
        """Shops that must be there when a round begins."""
        if self.secure:
            return self.threshold
        return {"mean": 2, "krum": 2 * self.tolerate + 3}.get(self.rule, 2 * self.tolerate + 1)

    @property
    def mode(self) -> str:
        """In words, for the model card."""
        if self.secure:
            return f"secure aggregation: only sums of {self.threshold} shops or more were seen"
        if self.rule == "mean":
            return "plain mean: the leader saw each shop's weights, and any shop could have spoilt them"
        return f"robust aggregation ({self.rule}, against {self.tolerate}): the leader saw each shop's weights"
