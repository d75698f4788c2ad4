"""What a profile's order is worth by how much it has seen, beside what anything could be worth. Needs no engine.

    python -m benchmarks.known_deeds [--days 14] [--people 400] [--others]

The shop of ``benchmarks.known``. Simulated shoppers use a search by words for so many days; of each the latest deeds
are remembered, as a profile remembers them. Then each needs four kinds of product, and what is in stock of a kind is
put in the order of the affinity, the best 8 shown. Expected purchases are computed from the true tastes, and given as
the share of the way from chance to the oracle that knows these. No vectors are used. Nothing was chosen on these
people: the first 300 that the simulation makes were for choosing.

``--others`` asks instead how much of an order is anybody's: the same by another shopper's profile, by the mean of eight
others', and by the own one and another's less that mean.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.known import deep
from benchmarks.shoppers import LOGGED, OTHERS, SEED, SIZE, cared_for, chances, worth_of
from indexer import sample
from personal.affinity import Offers, affinities
from personal.event_times import milliseconds, now_ms
from personal.shoppers import Cascade, LexicalSearch, Market, Shopper, make_shoppers, simulate
from personal.shoppers.chance import Chance
from personal.shoppers.market import Product, style
from personal.taste import EMPTY, Action, Taste, facts_of
from personal.usual import offers_of
from ranker.significance import resampled_means

DEEDS = (5, 15, 40, 100, 200)
NEEDS = 4
SHUFFLES = 10
OTHER_PROFILES = 8

Scores = Callable[[Shopper, Taste, Mapping[str, Product]], Mapping[str, float]]


def pasts(people: Sequence[Shopper], market: Market, days: int) -> dict[str, list[dict[str, Any]]]:
    """What each shopper did on so many days that end now, by ``client_id``, oldest first."""
    start = (datetime.now(UTC) - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    now = datetime.now(UTC).isoformat()
    search, phrases = LexicalSearch(market.products.values()), sample.phrases()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in simulate(people, search, market, SEED, days=days, start=start, phrases=phrases, clicks=Cascade()):
        if record.kind == "event" and record.timestamp < now and cared_for(record.document):
            found[record.document["client_id"]].append(record.document)
    return found


def remembered(events: Sequence[dict[str, Any]], market: Market, now: int) -> Taste:
    """What a profile remembers of events."""
    actions = []
    for event in events:
        product = market.products[event["event_attributes"]["object"]["object_id"]]
        when, text = milliseconds(event["timestamp"], now), event.get("user_query", "")
        actions.append(
            Action(event["action_name"], str(product["id"]), facts_of(product), text, when, event["event_id"])
        )
    return EMPTY.plus(actions)


def told(shopper: Shopper, _: Taste, products: Mapping[str, Product]) -> dict[str, float]:
    """The true liking of brand, colour, style and price: all that an affinity is made of."""
    persona, found = shopper.persona, {}
    for item, product in products.items():
        level = shopper.market.price_level(product)
        value = persona.brand * shopper.brands.get(str(product.get("brand")), 0.0)
        value += persona.colour * shopper.colours.get(str(product.get("color")), 0.0)
        value += persona.style * shopper.styles.get(style(product), 0.0)
        if level is not None:
            value += persona.price * (0.5 - min(1.5, abs(level - shopper.level)))
        found[item] = value
    return found


def measured(
    people: Sequence[Shopper], done: Mapping[str, list[dict[str, Any]]], market: Market, deeds: int, scores: Scores
) -> np.ndarray:
    """Purchases of a list, one row a shopper: by chance, by the scores, of the oracle."""
    now, rows = now_ms(), []
    for shopper in people:
        taste = remembered(done[shopper.client_id][-deeds:], market, now)
        dice, liked, worth = Chance(SEED, "needs", shopper.id), list(shopper.departments), []
        shuffle = np.random.default_rng(int(dice.unit() * 2**32))
        for _ in range(NEEDS):
            kind = dice.one(market.departments[dice.one(liked, [shopper.departments[name] for name in liked])])
            here = {
                i: market.products[i] for i in market.kinds[kind] if market.products[i].get("in_stock") is not False
            }
            found = scores(shopper, taste, here)
            own = sorted(here, key=lambda item: (-found.get(item, 0.5), item))
            best = sorted(here, key=lambda item: (-chances(shopper, here[item], kind)[0], item))
            orders = [own, best, *([str(one) for one in shuffle.permutation(sorted(here))] for _ in range(SHUFFLES))]
            values = [worth_of(shopper, [here[item] for item in order[:SIZE]], kind)[0] for order in orders]
            worth.append((float(np.mean(values[2:])), values[0], values[1]))
        rows.append(np.array(worth).mean(axis=0))
    return np.array(rows)


def of_others(people: Sequence[Shopper], tastes: Mapping[str, Taste], by: Scores) -> dict[str, Scores]:
    """Orders by name: of another shopper's profile, and with and without what is anybody's."""
    place = {one.id: number for number, one in enumerate(people)}

    def logits(shopper: Shopper, here: Mapping[str, Product]) -> dict[str, float]:
        found = by(shopper, tastes[shopper.id], here)
        return {item: math.log(value / (1.0 - value)) for item, value in found.items()}

    def after(shopper: Shopper, steps: int) -> Shopper:
        return people[(place[shopper.id] + steps) % len(people)]

    def mean(shopper: Shopper, here: Mapping[str, Product]) -> dict[str, float]:
        # The next one is the other shopper of the table, so it is not among these.
        those = [logits(after(shopper, steps), here) for steps in range(2, 2 + OTHER_PROFILES)]
        return {item: float(np.mean([one.get(item, 0.0) for one in those])) for item in here}

    def less(of: Callable[[Shopper], Shopper]) -> Scores:
        def scores(shopper: Shopper, _: Taste, here: Mapping[str, Product]) -> dict[str, float]:
            usual, own = mean(shopper, here), logits(of(shopper), here)
            return {item: own.get(item, 0.0) - usual[item] for item in here}

        return scores

    return {
        "the own profile": lambda one, _, here: logits(one, here),
        "another shopper's": lambda one, _, here: logits(after(one, 1), here),
        f"the mean of {OTHER_PROFILES} others'": lambda one, _, here: mean(one, here),
        "the own less that mean": less(lambda one: one),
        "another shopper's less that mean": less(lambda one: after(one, 1)),
    }


def line(name: str, values: np.ndarray) -> str:
    """A line of the table; people resampled."""
    means = np.concatenate([values.mean(axis=0)[None], resampled_means(values, resamples=4000)])
    shares = (means[:, 1] - means[:, 0]) / (means[:, 2] - means[:, 0])
    low, high = np.percentile(shares[1:], [2.5, 97.5])
    return f"| {name} | {100 * means[0, 1]:.2f} | {shares[0]:.3f} ({low:.3f} to {high:.3f}) |"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--people", type=int, default=OTHERS)
    parser.add_argument("--others", action="store_true", help="ask how much of an order is anybody's")
    given = parser.parse_args()
    market = Market.of(deep(list(sample.generate(products=4000))), SEED)
    everybody = make_shoppers(market, LOGGED + OTHERS, SEED, bots=0)[LOGGED:]
    done = pasts(everybody, market, given.days)
    people = [one for one in everybody if len(done[one.client_id]) >= 3][: given.people]
    prices = {kind.casefold(): price for kind, price in market.usual.items()}
    offers: Offers = {
        kind.casefold(): offers_of(kind.casefold(), [market.products[item] for item in items])
        for kind, items in market.kinds.items()
    }

    def by(offers: Offers | None) -> Scores:
        return lambda _, taste, here: affinities(taste, here, now_ms=now_ms(), prices=prices, offers=offers)

    deeds = np.mean([len(done[one.client_id]) for one in people])
    print(f"{len(people)} shoppers with {deeds:.0f} deeds on {given.days} days, {len(market.kinds)} kinds\n")
    print("| order of | purchases for 100 lists | share of the way from chance to the oracle |\n| --- | --- | --- |")
    if given.others:
        tastes = {one.id: remembered(done[one.client_id][-DEEDS[-1] :], market, now_ms()) for one in people}
        for name, scores in of_others(people, tastes, by(offers)).items():
            print(line(name, measured(people, done, market, 1, scores)), flush=True)
        return
    for most in DEEDS:
        print(line(f"the latest {most} deeds", measured(people, done, market, most, by(offers))), flush=True)
    print(line(f"the latest {most}, without what kinds offer", measured(people, done, market, most, by(None))))
    truth = measured(people, done, market, 1, told)
    print(line("true liking of brand, colour, style and price", truth))
    print(f"| chance | {100 * truth[:, 0].mean():.2f} | 0 |\n| oracle | {100 * truth[:, 2].mean():.2f} | 1 |")


if __name__ == "__main__":
    main()
