"""What being known is worth at the first list of a visit, by the weight of the profile.

    hybridrank sample ALL --products 4000 --queries 1 --no-images
    python -m benchmarks.known SHOP --prepare ALL
    hybridrank index SHOP/products.jsonl
    python -m benchmarks.known SHOP [--first 0] [--people 110]

A profile can only tell apart what is alike otherwise, so the shop is as deep as one of 4,000 products, in fewer kinds:
of every third department the four largest kinds, at most 30 products each. Nothing is in its log. Shoppers as in
``benchmarks.shoppers`` have their own past in their own profile, and look at a product of a kind that they need, with
no visit before it. Expected purchases of the list of 8 are computed from their true tastes. Choose a weight on some
people, and look at it on others (``--first``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shoppers import LOGGED, OTHERS, SEED, SIZE, chances, pasts_of, prepare, read_lines, worth_of
from personal.event_times import now_ms
from personal.shoppers import Market, Shopper, make_shoppers
from personal.shoppers.chance import Chance
from personal.shoppers.session import World, attraction, need_of
from personal.visitor import NOBODY, Visitor
from plugin.candidates import Hit
from plugin.catalogue import lookup
from ranker.blend import PRIOR
from ranker.significance import estimates
from service.parts import Parts
from service.recommend import Ask, ranked
from service.recommend_window import Standpoint, Windowing
from service.settings import Settings

WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
DEEP = 30
MOST = 420


def deep(catalogue: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A part of a catalogue with as many products of a kind, in fewer kinds."""
    kinds: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for product in catalogue:
        if product.get("category"):
            kinds[product["category"][0]][product["category"][-1]].append(product)
    found: list[dict[str, Any]] = []
    for department in sorted(kinds)[::3]:
        of_department = kinds[department]
        for name in sorted(of_department, key=lambda one: (-len(of_department[one]), one))[:4]:
            found += of_department[name][:DEEP]
    return found[:MOST]


def lists(parts: Parts, item: str, visitor: Visitor) -> tuple[Any, list[Hit]]:
    """The viewed item and the window beside it."""
    index = parts.settings.index
    lacks: list[str] = []
    held, lacking = parts.people.read(visitor, index)
    window = Windowing(parts, lookup(parts.engine, index), Ask(index, item), Standpoint(held, now_ms()), lacks)
    viewed = window.viewed()
    hits = window.hits(viewed, window.origins(viewed))
    if lacks or lacking:
        raise SystemExit(f"the service is degraded: {lacks}, {lacking}")
    return viewed, hits


def measured(parts: Parts, market: Market, shopper: Shopper, past: Sequence[dict[str, Any]]) -> list[float]:
    """Expected purchases of the lists: to nobody, to the person by weight, and of the oracle."""
    dice = Chance(SEED, "recommendations", shopper.id)
    wanted = need_of(World(market, lambda _: []), shopper, dice).kind
    kinds = list(market.kinds[wanted])
    viewed_id = dice.one(kinds, [attraction(shopper, market.products[item], wanted) for item in kinds])

    def worth(items: Sequence[str]) -> float:
        shown = [market.products[item] for item in items if item != viewed_id][:SIZE]
        return worth_of(shopper, shown, wanted)[0]

    def purchases(viewed: Any, hits: list[Hit], weight: float) -> float:
        blend = replace(PRIOR, weights={**PRIOR.weights, "profile": weight})
        ranking, lacking = ranked(parts, viewed, hits, blend)
        if lacking is not None:
            raise SystemExit(f"the service is degraded: {lacking}")
        return worth([item.id for item in ranking.items])

    row = [purchases(*lists(parts, viewed_id, NOBODY), 0.0)]
    identity = parts.keystore.obtain("bench", shopper.id)
    visitor, index = Visitor("bench", identity), parts.settings.index
    parts.people.profiles.learn(visitor, [(f"{index}:{event['event_id']}", event) for event in past])
    try:
        viewed, hits = lists(parts, viewed_id, visitor)
        row += [purchases(viewed, hits, weight) for weight in WEIGHTS]
    finally:
        parts.people.profiles.vault.delete_of([identity.pseudonym])
        parts.keystore.delete("bench", shopper.id)
    products = market.products
    row.append(worth(sorted(products, key=lambda item: (-chances(shopper, products[item], wanted)[0], item))))
    return row


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--prepare", type=Path, metavar="ALL", help="make SHOP of the catalogue in ALL, and end")
    parser.add_argument("--first", type=int, default=0, help="so many people are left out")
    parser.add_argument("--people", type=int, default=110)
    given = parser.parse_args()
    if given.prepare is not None:
        given.shop.mkdir(parents=True, exist_ok=True)
        products = deep(read_lines(given.prepare / "products.jsonl"))
        lines = [json.dumps(product, ensure_ascii=False) + "\n" for product in products]
        (given.shop / "products.jsonl").write_text("".join(lines), "utf-8")
        prepare(given.shop)
        return
    market = Market.of(read_lines(given.shop / "products.jsonl"), SEED)
    settings = Settings(rerank_budget_ms=600_000, behaviour_budget_ms=60_000)
    pasts = pasts_of(given.shop / "others.jsonl", settings.index)
    others = make_shoppers(market, LOGGED + OTHERS, SEED, bots=0)[LOGGED:]
    people = [one for one in others if len(pasts[one.client_id]) >= 3][given.first :][: given.people]
    parts = Parts(settings)
    rows = []
    for number, shopper in enumerate(people, 1):
        rows.append(measured(parts, market, shopper, pasts[shopper.client_id][-150:]))
        print(f"{number}/{len(people)}", file=sys.stderr, flush=True)
    parts.close()
    values = 100 * np.array(rows)
    deeds = np.mean([len(pasts[one.client_id]) for one in people])
    print(f"{len(rows)} shoppers with {deeds:.0f} deeds, {len(market.products)} products, {len(market.kinds)} kinds;")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    one = WEIGHTS.index(PRIOR.weights["profile"]) + 1
    print(
        "| list for | purchases for 100 lists | beside nobody | beside the weight in use |\n| --- | --- | --- | --- |"
    )
    for place, name in enumerate(("nobody", *(f"the person, weight {weight:g}" for weight in WEIGHTS), "oracle")):
        column = values[:, place]
        gains = estimates(np.stack([column - values[:, 0], column - values[:, one]], axis=1))
        cells = [f"{gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})" for gain in gains]
        print(f"| {name} | {column.mean():.2f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
