"""What recommendations are worth to simulated shoppers, whose true tastes are known.

    hybridrank sample SHOP --products 600 --queries 1 --no-images
    python -m benchmarks.shoppers SHOP --prepare
    hybridrank index SHOP/products.jsonl; hybridrank events SHOP/seen.jsonl
    hybridrank train sequence; hybridrank train blend
    python -m benchmarks.shoppers SHOP [--people 200]

``--prepare`` lets 300 shoppers, and 400 others, use a search by words for two weeks that end now. What the first do is
the shop's log, from which everything is learnt; of the others only their own past is known, in their own profile. They
look at results from the top down until they have enough (a cascade), while the learner takes clicks to depend on the
place alone. Each of the others then needs something and looks at a product of that kind. Every system answers with 8
products. What the shopper would do with the list is not drawn but computed: rank r is looked at with probability
r^-0.8, and clicking, buying and sending back have the probabilities of ``personal.shoppers``. The oracle lists the
products by the true probability of a purchase. Conversion is purchases for a list, the return rate is returns for a
purchase; both are given as the share of the way from popularity to the oracle.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from indexer.sample import phrases
from personal.event_times import now_ms
from personal.shoppers import Cascade, LexicalSearch, Market, Shopper, make_shoppers, simulate
from personal.shoppers.chance import Chance
from personal.shoppers.market import Product, kind
from personal.shoppers.session import World, attraction, need_of, odds_of
from personal.visitor import NOBODY, Visitor
from plugin.candidates import gather
from plugin.catalogue import lookup
from plugin.query import SearchRequest
from plugin.statedocs import read_many
from ranker.blend import PRIOR, Blend
from ranker.significance import resampled_means
from service.blends import prior_of
from service.parts import Parts
from service.recommend import Ask, ranked
from service.recommend_window import Standpoint, Windowing
from service.settings import Settings

SIZE = 8
DECAY = 0.8
SEED = 7
CARED = frozenset({"click", "view", "add_to_cart", "purchase", "return"})
LOGGED = 300
OTHERS = 400
DAYS = 14


def chances(shopper: Shopper, product: Product, wanted: str) -> tuple[float, float]:
    """Probability that a product that was looked at is bought, and that it is bought and sent back; as
    ``personal.shoppers.session`` draws them."""
    odds = odds_of(shopper, product, wanted)
    bought = attraction(shopper, product, wanted) * odds.cart * odds.purchase
    return bought, bought * odds.back


def worth_of(shopper: Shopper, products: Sequence[Product], wanted: str) -> tuple[float, float]:
    """Expected purchases and returns of a list."""
    bought = returned = 0.0
    for rank, product in enumerate(products, 1):
        looked = rank ** -(DECAY / shopper.persona.patience)
        one, back = chances(shopper, product, wanted)
        bought, returned = bought + looked * one, returned + looked * back
    return bought, returned


def share(values: np.ndarray, system: int, low: int, high: int, *, rate: bool) -> tuple[float, float, float]:
    """The share of the way from one system to another, with its interval; people resampled."""
    means = resampled_means(values, resamples=4000)
    means = np.concatenate([values.mean(axis=0)[None], means])

    def of(column: int) -> np.ndarray:
        return means[:, 2 * column + 1] / means[:, 2 * column] if rate else means[:, 2 * column]

    shares = (of(system) - of(low)) / (of(high) - of(low))
    low_edge, high_edge = np.percentile(shares[1:], [2.5, 97.5])
    return float(shares[0]), float(low_edge), float(high_edge)


@dataclass(frozen=True, slots=True)
class Shop:
    """The running product and what the simulation knows.

    Attributes:
        popular: ids of products by how many events they have.
        told: the priors as the sequence model's held-out items tell them; the priors where there is none.
        learnt: the blend that was learnt; without one as ``told``.
    """

    parts: Parts
    index: str
    market: Market
    popular: list[str]
    told: Blend
    learnt: Blend

    def measured(self, shopper: Shopper, past: list[dict[str, Any]]) -> tuple[list[str], list[float]]:
        """Names of the systems, and of each the expected purchases and returns of its list."""
        dice = Chance(SEED, "recommendations", shopper.id)
        wanted = need_of(World(self.market, lambda _: []), shopper, dice).kind
        kinds = list(self.market.kinds[wanted])
        viewed = dice.one(kinds, [attraction(shopper, self.market.products[item], wanted) for item in kinds])
        identity = self.parts.keystore.obtain("bench", shopper.id)
        visitor = Visitor("bench", identity)
        profiles = self.parts.people.profiles
        profiles.learn(visitor, [(f"{self.index}:{event['event_id']}", event) for event in past])
        lists = {
            "popularity": self.popular,
            "popularity within the kind": [i for i in self.popular if kind(self.market.products[i]) == wanted],
            "text vectors": self._vectors(viewed),
            **self._recommended(viewed, NOBODY, "nobody"),
            **self._recommended(viewed, visitor, "the person"),
            "oracle": sorted(
                self.market.products,
                key=lambda item: (-chances(shopper, self.market.products[item], wanted)[0], item),
            ),
        }
        profiles.vault.delete_of([identity.pseudonym])
        self.parts.keystore.delete("bench", shopper.id)
        row: list[float] = []
        for items in lists.values():
            shown = [self.market.products[item] for item in items if item != viewed][:SIZE]
            row += worth_of(shopper, shown, wanted)
        return list(lists), row

    def _vectors(self, item: str) -> list[str]:
        found = lookup(self.parts.engine, self.index)
        source = read_many(self.parts.engine, [(found.index, item)])[found.index, item].source
        vector = np.asarray(source["text_vector"], np.float32)
        request = SearchRequest(text_vector=vector, k_vector=50, hidden=(item,), spelling=False)
        hits = gather(self.parts.engine, found, request).hits
        return [hit.id for hit in sorted(hits, key=lambda hit: -hit.signals["text_vector"])]

    def _recommended(self, item: str, visitor: Visitor, who: str) -> dict[str, list[str]]:
        """Lists by the priors and by what was learnt, of one window."""
        found, lacks = lookup(self.parts.engine, self.index), list[str]()
        held, lacking = self.parts.people.read(visitor, self.index)
        window = Windowing(self.parts, found, Ask(self.index, item), Standpoint(held, now_ms()), lacks)
        viewed = window.viewed()
        hits = window.hits(viewed, window.origins(viewed))
        lists = {}
        for name, blend in (("priors", PRIOR), ("told", self.told), ("learnt", self.learnt)):
            ranking, degraded = ranked(self.parts, viewed, hits, blend)
            if lacks or lacking or degraded:
                raise SystemExit(f"the service is degraded: {lacks}, {lacking}, {degraded}")
            lists[f"{name}, to {who}"] = [one.id for one in ranking.items]
        return lists


def prepare(shop: Path) -> None:
    """Write what shoppers did: ``seen.jsonl`` and ``others.jsonl``."""
    catalogue = read_lines(shop / "products.jsonl")
    market = Market.of(catalogue, SEED)
    people = make_shoppers(market, LOGGED + OTHERS, SEED, bots=0)
    logged = {one.client_id for one in people[:LOGGED]}
    start = (datetime.now(UTC) - timedelta(days=DAYS, hours=22)).replace(minute=0, second=0, microsecond=0)
    now = datetime.now(UTC).isoformat()
    search = LexicalSearch(catalogue)
    records = simulate(people, search, market, SEED, days=DAYS, start=start, phrases=phrases(), clicks=Cascade())
    with (shop / "seen.jsonl").open("w", encoding="utf-8") as seen, (shop / "others.jsonl").open("w") as others:
        for record in records:
            if record.kind == "event" and record.timestamp < now:
                out = seen if record.document["client_id"] in logged else others
                out.write(json.dumps(record.document, ensure_ascii=False) + "\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A file of JSON Lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def pasts_of(path: Path, index: str) -> dict[str, list[dict[str, Any]]]:
    """What each shopper of a log did, by ``client_id``, oldest first, as events of a catalogue."""
    pasts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in filter(cared_for, read_lines(path)):
        pasts[event["client_id"]].append({**event, "application": index})
    return pasts


def cared_for(event: dict[str, Any]) -> bool:
    """Whether somebody did something with a product, beside being shown it."""
    return event["action_name"] in CARED


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--prepare", action="store_true", help="write SHOP/seen.jsonl and SHOP/others.jsonl, and end")
    given = parser.parse_args()
    if given.prepare:
        prepare(given.shop)
        return
    catalogue = read_lines(given.shop / "products.jsonl")
    cared = filter(cared_for, read_lines(given.shop / "seen.jsonl"))
    popular = Counter(event["event_attributes"]["object"]["object_id"] for event in cared)
    settings = Settings(rerank_budget_ms=600_000, behaviour_budget_ms=60_000)
    pasts = pasts_of(given.shop / "others.jsonl", settings.index)
    market = Market.of(catalogue, SEED)
    others = make_shoppers(market, LOGGED + OTHERS, SEED, bots=0)[LOGGED:]
    people = [one for one in others if len(pasts[one.client_id]) >= 3][-given.people :]
    parts = Parts(settings)
    index = settings.index
    popular_first = [item for item, _ in popular.most_common() if item in market.products]
    model = parts.sequences.of(index)
    shop = Shop(parts, index, market, popular_first, prior_of(model), parts.blends.of(index, model))
    rows = []
    for number, shopper in enumerate(people, 1):
        names, row = shop.measured(shopper, pasts[shopper.client_id][-150:])
        rows.append(row)
        print(f"{number}/{len(people)}", file=sys.stderr, flush=True)
    values = np.array(rows)
    low, high = names.index("popularity"), names.index("oracle")
    print(f"{len(rows)} shoppers, {len(market.products)} products\n")
    print(
        "| system | purchases for a list | returns for a purchase | conversion, share of the gap | return rate, share |"
    )
    print("| --- | --- | --- | --- | --- |")
    for place, name in enumerate(names):
        bought, returned = values[:, 2 * place].mean(), values[:, 2 * place + 1].mean()
        shares = [share(values, place, low, high, rate=rate) for rate in (False, True)]
        cells = [f"{a:.2f} ({b:.2f} to {c:.2f})" for a, b, c in shares]
        print(f"| {name} | {bought:.4f} | {returned / bought:.4f} | {' | '.join(cells)} |")
    print("\n| purchases for a list | more |\n| --- | --- |")
    for better, worse in (
        ("priors, to the person", "priors, to nobody"),
        ("learnt, to the person", "learnt, to nobody"),
        ("told, to nobody", "priors, to nobody"),
        ("told, to the person", "priors, to the person"),
        ("learnt, to nobody", "priors, to nobody"),
        ("learnt, to the person", "priors, to the person"),
        ("learnt, to the person", "popularity within the kind"),
    ):
        gain = (values[:, 2 * names.index(better)] - values[:, 2 * names.index(worse)])[:, None]
        edges = np.percentile(resampled_means(gain, resamples=4000), [2.5, 97.5])
        print(f"| {better}, beside {worse} | {gain.mean():+.4f} ({edges[0]:+.4f} to {edges[1]:+.4f}) |")
    parts.close()


if __name__ == "__main__":
    main()
