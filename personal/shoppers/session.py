"""One visit: what is looked for, what is seen, clicked, put in the cart, bought and sent back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .chance import Chance
from .clicks import ClickModel, PositionBased
from .documents import Record, Writer
from .market import Market, Product, department, kind
from .tastes import Shopper, utility

Search = Callable[[str], Sequence[str]]
PAGE = 10
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class World:
    """What all visits share. ``phrases`` are other words for a kind of product, as shoppers type them."""

    market: Market
    search: Search
    clicks: ClickModel = field(default_factory=PositionBased)
    phrases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pages: int = 2


@dataclass(frozen=True, slots=True)
class Need:
    """What a shopper has in mind, and the words for it."""

    kind: str
    text: str


class Place(NamedTuple):
    """Where a product was found: at which place of which results."""

    query: Record | None
    ordinal: int


def visit(world: World, shopper: Shopper, writer: Writer, chance: Chance) -> Iterator[Record]:
    """The records of one visit, in order but for returns, which come days later."""
    if shopper.is_bot:
        yield from _crawl(world, shopper, writer, chance)
        return
    if chance.hit(0.25):
        yield from _stroll(world, shopper, writer, chance)
    for _ in range(1 + int(chance.waiting(0.8))):
        yield from _look_for(world, shopper, need_of(world, shopper, chance), writer, chance)
        writer.wait(20 + chance.waiting(90))


def need_of(world: World, shopper: Shopper, chance: Chance) -> Need:
    """A kind of product from a department that the shopper likes, often with a liked colour or brand."""
    market = world.market
    liked = list(shopper.departments) if chance.hit(0.85) else list(market.departments)
    name = chance.one(liked, [shopper.departments.get(d, 0.2) for d in liked])
    wanted = chance.one(market.departments[name])
    text = chance.one([wanted.lower(), *world.phrases.get(wanted, ())])
    roll = chance.unit()
    if roll < 0.35:
        colours = [c for c, weight in shopper.colours.items() if weight > 0]
        text = f"{chance.one(colours)} {text}" if colours else text
    elif roll < 0.5:
        brands = [b for b in market.brands.get(name, ()) if shopper.brands.get(b, 0.0) > 0]
        text = f"{chance.one(brands).lower()} {text}" if brands else text
    return Need(wanted, text)


def attraction(shopper: Shopper, product: Product, wanted: str) -> float:
    """The probability that the shopper clicks on a product that was seen: relevance times taste."""
    same = shopper.market.departments.get(department(product), ())
    relevance = 1.0 if kind(product) == wanted else 0.22 if wanted in same else 0.03
    return relevance * _sigmoid(1.15 * utility(shopper, product) - 0.9)


class Odds(NamedTuple):
    """What becomes of a product whose page a shopper reads: its worth to them, and the probabilities that it is put
    into the cart, bought when it is there, and sent back when it was bought."""

    worth: float
    cart: float
    purchase: float
    back: float


def odds_of(shopper: Shopper, product: Product, wanted: str) -> Odds:
    """The odds that :func:`visit` draws by; what is out of stock is not taken."""
    worth = utility(shopper, product) - (0.0 if kind(product) == wanted else 1.5)
    cart = 0.0 if product.get("in_stock") is False else 0.28 * shopper.persona.buying * _sigmoid(1.4 * worth - 1.1)
    return Odds(worth, cart, 0.35 + 0.45 * _sigmoid(1.2 * worth), 0.22 * _sigmoid(-1.3 * worth))


def _look_for(world: World, shopper: Shopper, need: Need, writer: Writer, chance: Chance) -> Iterator[Record]:
    results = [item for item in world.search(need.text) if item in world.market.products][: PAGE * world.pages]
    query = writer.query(need.text, results)
    yield query
    for page in range(math.ceil(len(results) / PAGE)):
        shown = [world.market.products[item] for item in results[page * PAGE : (page + 1) * PAGE]]
        writer.wait(0.4)
        for i, product in enumerate(shown):
            yield writer.event("impression", product, query=query, ordinal=page * PAGE + i + 1)
        seen = [attraction(shopper, product, need.kind) for product in shown]
        clicked = world.clicks.clicked(seen, shopper.persona.patience, chance)
        for i in clicked:
            writer.wait(2 + chance.waiting(5))
            yield writer.event("click", shown[i], query=query, ordinal=page * PAGE + i + 1)
            yield from _consider(shown[i], need.kind, writer, chance, Place(query, page * PAGE + i + 1))
        if clicked or not chance.hit(0.35 * min(1.5, shopper.persona.patience)):
            return


def _consider(product: Product, wanted: str, writer: Writer, chance: Chance, place: Place) -> Iterator[Record]:
    """Read the page of a product; perhaps take it."""
    shopper, (query, ordinal) = writer.shopper, place
    odds = odds_of(shopper, product, wanted)
    dwell = 4 + chance.waiting(18) * (1 + max(0.0, odds.worth))
    writer.wait(1)
    yield writer.event("view", product, query=query, ordinal=ordinal, dwell_time=round(dwell, 1))
    writer.wait(dwell)
    if not odds.cart or not chance.hit(odds.cart):
        return
    yield writer.event("add_to_cart", product, query=query, ordinal=ordinal, price=product.get("price"))
    writer.wait(15 + chance.waiting(60))
    if not chance.hit(odds.purchase):
        return
    yield writer.event("purchase", product, query=query, ordinal=ordinal, price=product.get("price"), quantity=1)
    if chance.hit(odds.back):
        now = writer.clock
        writer.wait(2 * DAY + chance.waiting(4 * DAY))
        yield writer.event("return", product, query=query, ordinal=ordinal, price=product.get("price"), quantity=1)
        writer.clock = now


def _stroll(world: World, shopper: Shopper, writer: Writer, chance: Chance) -> Iterator[Record]:
    """Look at popular things of a liked department, without a query."""
    market = world.market
    name = chance.one(list(shopper.departments))
    items = [item for k in market.departments[name] for item in market.kinds[k]]
    for item in {chance.one(items, [market.popularity[i] for i in items]): None for _ in range(2)}:
        product = market.products[item]
        yield from _consider(product, kind(product), writer, chance, Place(None, 1))


def _crawl(world: World, shopper: Shopper, writer: Writer, chance: Chance) -> Iterator[Record]:
    """A bot: it asks for kind after kind and clicks on every result, a second apart; it buys nothing."""
    for wanted in chance.some(list(world.market.kinds), 6):
        results = [item for item in world.search(wanted.lower()) if item in world.market.products][:PAGE]
        query = writer.query(wanted.lower(), results)
        yield query
        for i, item in enumerate(results):
            yield writer.event("impression", world.market.products[item], query=query, ordinal=i + 1)
        for i, item in enumerate(results):
            writer.wait(1)
            yield writer.event("click", world.market.products[item], query=query, ordinal=i + 1)
        writer.wait(1)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
