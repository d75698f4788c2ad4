"""From counters to the one signal ``behaviour``: the formula, without an engine. See docs/behaviour.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .positions import DEFAULT_ETA, examined


@dataclass(frozen=True, slots=True)
class Formula:
    """The constants of the signal.

    Attributes:
        eta: how fast attention falls with the rank; see :mod:`personal.positions`.
        item_strength: how many expected clicks an item's own mean has to be worth before it counts half.
        query_strength: the same of an item for a query, against the item over all queries.
        interest_share: the part of clicks in the signal; the rest is sales'.
        prior_interest: clicks an examination, of a catalogue about which nothing is known.
        prior_sales: likewise.
        prior_examinations: how many examinations that prior is worth.
    """

    eta: float = DEFAULT_ETA
    item_strength: float = 5.0
    query_strength: float = 3.0
    interest_share: float = 0.7
    prior_interest: float = 0.1
    prior_sales: float = 0.01
    prior_examinations: float = 50.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened, decayed to now.

    Attributes:
        seen: examinations: impressions, each by the probability that its place was looked at.
        interest: clicks, and a quarter of views and watches.
        sales: purchases, and a quarter of what went into a cart.
    """

    seen: float
    interest: float
    sales: float

    @property
    def exposure(self) -> float:
        """Examinations; who clicked has looked, also where no impression was logged."""
        return max(self.seen, self.interest)


@dataclass(frozen=True, slots=True)
class Means:
    """A catalogue as a whole.

    Attributes:
        total: all its items together.
        items: how many have been counted.
    """

    total: Tally
    items: int

    @property
    def logs_impressions(self) -> bool:
        """Whether what was shown is logged, not only what was clicked."""
        return self.total.seen >= self.total.interest


NOTHING_KNOWN = Means(Tally(0.0, 0.0, 0.0), 0)


def tally(sums: Mapping[str, float], weight_of_now: float, eta: float) -> Tally:
    """Read a counter's sums.

    Args:
        sums: by cell, in the units of the landmark.
        weight_of_now: what an event of now weighs (``Family.weight``).
        eta: of the examination model.
    """
    clicks = sum(value for name, value in sums.items() if name.startswith("click_"))
    interest = clicks + 0.25 * (sums.get("view", 0.0) + sums.get("watch", 0.0))
    sales = sums.get("purchase", 0.0) + 0.25 * sums.get("add_to_cart", 0.0)
    return Tally(examined(sums, eta) / weight_of_now, interest / weight_of_now, sales / weight_of_now)


def behaviour(item: Tally, for_query: Tally | None, means: Means, formula: Formula) -> float:
    """The signal of one item: 0.5 is the catalogue's mean, 0 and 1 are never reached.

    Args:
        item: over all queries.
        for_query: for the query at hand; ``None`` where nothing is known or nothing was asked.
        means: of the catalogue.
        formula: the constants.
    """
    base = means.total.exposure + formula.prior_examinations
    relatives = []
    for total, prior, own, asked in (
        (means.total.interest, formula.prior_interest, item.interest, for_query.interest if for_query else None),
        (means.total.sales, formula.prior_sales, item.sales, for_query.sales if for_query else None),
    ):
        if means.logs_impressions:
            rate = (total + prior * formula.prior_examinations) / base
            expected, of_query = rate * item.exposure, rate * for_query.exposure if for_query else 0.0
        else:
            # Nothing says how often an item was shown: all are taken as shown alike, so what counts is popularity.
            expected, of_query = total / max(means.items, 1), 0.0
        relative = _smoothed(own, expected, formula.item_strength, 1.0)
        if asked is not None:
            relative = _smoothed(asked, of_query * relative, formula.query_strength, relative)
        relatives.append(relative)
    interest, sales = (relative / (1.0 + relative) for relative in relatives)
    return formula.interest_share * interest + (1.0 - formula.interest_share) * sales


def _smoothed(count: float, expected: float, strength: float, prior: float) -> float:
    """Clicks over expected clicks: the mean of a gamma posterior whose prior has mean ``prior``."""
    return (count + strength * prior) / (expected + strength)
