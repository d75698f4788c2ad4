"""What profile and session are worth in ranked search results, to simulated shoppers that nothing was learnt from.

    python -m benchmarks.shoppers SHOP --prepare          (and index and events, as there)
    python -m benchmarks.personal_search SHOP [--people 150]

Each shopper has their past in an encrypted profile and searches for something they need. The same request is answered
to nobody, to the person, and to another shopper. Expected purchases of a page are computed from the searcher's true
tastes, as ``benchmarks.shoppers`` does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.shoppers import LOGGED, OTHERS, SEED, pasts_of, read_lines, worth_of
from indexer.sample import phrases
from personal.shoppers import Market, Shopper, make_shoppers
from personal.shoppers.chance import Chance
from personal.shoppers.session import World, need_of
from personal.visitor import NOBODY, Visitor
from ranker.significance import resampled_means
from service.parts import Parts
from service.schemas.search import SearchBody
from service.settings import Settings

PAGE = 10


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--people", type=int, default=150)
    given = parser.parse_args()
    market = Market.of(read_lines(given.shop / "products.jsonl"), SEED)
    world = World(market, lambda _: [], phrases=phrases())
    settings = Settings(rerank_budget_ms=600_000, behaviour_budget_ms=60_000)
    pasts = pasts_of(given.shop / "others.jsonl", settings.index)
    others = make_shoppers(market, LOGGED + OTHERS, SEED, bots=0)[LOGGED:]
    people = [one for one in others if len(pasts[one.client_id]) >= 3][-given.people :]
    parts = Parts(settings)
    index = parts.settings.index
    known: dict[str, Visitor] = {}
    for one in people:
        identity = parts.keystore.obtain("bench", one.id)
        known[one.id] = Visitor("bench", identity)
        events = [(f"{index}:{event['event_id']}", event) for event in pasts[one.client_id][-150:]]
        parts.people.profiles.learn(known[one.id], events)

    def page(text: str, visitor: Visitor) -> list[str]:
        body = SearchBody(query=text, index=index, size=PAGE)
        found = parts.search.answer(body, visitor)
        if found.degraded:
            raise SystemExit(f"the service is degraded: {found.degraded}")
        return [one.id for one in found.results]

    needs = {one.id: need_of(world, one, Chance(SEED, "search", one.id)) for one in people}
    pages: dict[str, list[list[str]]] = {}
    for number, one in enumerate(people, 1):
        pages[one.id] = [page(needs[one.id].text, visitor) for visitor in (NOBODY, known[one.id])]
        print(f"{number}/{len(people)}", file=sys.stderr, flush=True)
    # A search is remembered, so the strangers' come last.
    for number, one in enumerate(people, 1):
        pages[one.id].append(page(needs[one.id].text, known[people[number % len(people)].id]))
    rows = [[_worth(one, market, items, needs[one.id].kind) for items in pages[one.id]] for one in people]
    moved = sum(first != own for first, own, _ in pages.values())
    differ = sum(own != other for _, own, other in pages.values())
    for one in people:
        parts.people.profiles.vault.delete_of([known[one.id].client_id or ""])
        parts.keystore.delete("bench", one.id)
    parts.close()
    values = np.array(rows)
    print(f"{len(rows)} shoppers, one search each\n")
    print("| answered to | purchases for 100 pages | beside nobody |\n| --- | --- | --- |")
    for place, name in enumerate(("nobody", "the person", "another shopper")):
        gain = (values[:, place] - values[:, 0])[:, None]
        low, high = np.percentile(resampled_means(gain, resamples=4000), [2.5, 97.5])
        cells = "" if place == 0 else f"{100 * gain.mean():+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
        print(f"| {name} | {100 * values[:, place].mean():.2f} | {cells} |")
    print(
        f"\nanother first page than nobody's: {moved} of {len(rows)}; than another shopper's: {differ} of {len(rows)}"
    )


def _worth(shopper: Shopper, market: Market, items: list[str], wanted: str) -> float:
    return worth_of(shopper, [market.products[item] for item in items], wanted)[0]


if __name__ == "__main__":
    main()
