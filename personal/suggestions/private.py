"""Differentially private choice of the queries that may be suggested: a noisy count of each, shown above a threshold.

Of one day, each person counts for at most :attr:`Budget.queries` queries. The counts of people get Laplace noise, and
what stays above a threshold is released, which hides also that a query exists (Korolova et al., "Releasing Search
Queries and Clicks Privately", WWW 2009; Wilson et al., "Differentially Private SQL with Bounded User Contribution",
PoPETs 2020). Noise, its exact sampling and epsilon are OpenDP's; delta is computed here, for OpenDP 0.16 takes a count
that just reaches the threshold for one that stays below it, and so tells too small a one.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..errors import PersonalError


class NoOpenDP(PersonalError):
    """A private choice of suggestions is wanted where OpenDP is not installed."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one day's choice in one catalogue may spend.

    Attributes:
        epsilon, delta: adding or taking away one person of that day, with all they typed, changes the chance of any
            outcome by at most the factor ``e^epsilon``, but for ``delta`` (Dwork and Roth, 2014, definition 2.4).
        queries: how many different ones of one person count.
    """

    epsilon: float
    delta: float = 1e-6
    queries: int = 3

    @property
    def scale(self) -> float:
        """Of the Laplace noise."""
        return self.queries / self.epsilon

    def threshold(self) -> int:
        """What a noisy count must reach: the least that spends no more than ``delta``."""
        found = 2
        while self.shown_alone(found) > self.delta:
            found += 1
        return found

    def shown_alone(self, threshold: int) -> float:
        """Chance that any of one person's queries is shown that nobody else typed: a count of 1 whose noise reaches
        ``threshold - 1``, by discrete Laplace noise (Ghosh et al., "Universally Utility-Maximizing Privacy Mechanisms",
        STOC 2009)."""
        fall = math.exp(-1.0 / self.scale)
        one = fall ** (threshold - 1) / (1.0 + fall)
        return -math.expm1(self.queries * math.log1p(-one))

    def spent(self) -> tuple[float, float]:
        """(epsilon, delta) of the mechanism as it runs, whatever was asked for."""
        threshold = self.threshold()
        epsilon, told = _mechanism(self, threshold).map((self.queries, self.queries, 1))
        return float(epsilon), max(float(told), self.shown_alone(threshold))


def need_opendp() -> None:
    """Refuse to begin without the library.

    Raises:
        NoOpenDP: it is not installed.
    """
    if importlib.util.find_spec("opendp") is None:
        raise NoOpenDP("suggest_epsilon: a private choice needs OpenDP: pip install 'hybridrank[private-suggestions]'")


def counted(typed: Iterable[tuple[str, str]], budget: Budget, secret: bytes) -> dict[str, int]:
    """How many people typed each query, each person counted for a few.

    Args:
        typed: (person, query) of one day, in any order, also repeated.
        secret: decides which of a person's many queries count, so that nobody else can.

    Returns:
        people by query. One person changes at most :attr:`Budget.queries` of them, each by 1.
    """
    whose: dict[str, set[str]] = {}
    for person, query in typed:
        whose.setdefault(person, set()).add(query)
    counts: Counter[str] = Counter()
    for person, queries in whose.items():
        drawn = sorted(queries, key=lambda query: _draw(secret, person, query))
        counts.update(drawn[: budget.queries])
    return dict(counts)


def released(counts: Mapping[str, int], budget: Budget) -> dict[str, int]:
    """The queries that may be suggested, each with its noisy count; another draw at every call, which spends anew."""
    found: dict[str, int] = _mechanism(budget, budget.threshold())(dict(counts))
    return found


def _draw(secret: bytes, person: str, query: str) -> bytes:
    return hmac.new(secret, f"{person}\x1f{query}".encode(), hashlib.sha256).digest()


@lru_cache(maxsize=64)
def _mechanism(budget: Budget, threshold: int) -> Any:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    domain = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i32"))
    metric = dp.l01inf_distance(dp.absolute_distance(T="i32"))
    return dp.m.make_laplace_threshold(domain, metric, scale=budget.scale, threshold=threshold)
