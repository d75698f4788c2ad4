"""Days of shopping, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from .chance import Chance, named_id
from .clicks import ClickModel, PositionBased
from .documents import Record, Writer
from .market import Market, Product
from .session import Search, World, visit
from .tastes import Shopper

START = datetime(2025, 3, 3, tzinfo=UTC)


def simulate(
    shoppers: Sequence[Shopper],
    search: Search,
    catalogue: Iterable[Product] | Market,
    seed: int = 7,
    *,
    days: int = 14,
    start: datetime = START,
    application: str = "products",
    clicks: ClickModel | None = None,
    phrases: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Record]:
    """Let shoppers use a search and write down what they do.

    Args:
        shoppers: as ``make_shoppers`` makes them.
        search: from the words of a query to ids of products, best first. Called in the order of time, so that it may
            be a live service that learns on the way.
        catalogue: the products, or what ``Market.of`` made of them.
        seed: the same seed, shoppers and search give the same records with the same ids.
        days: over how many days visits are spread. Returns may come later.
        start: midnight of the first day, with a time zone.
        application: UBI's name of the catalogue.
        clicks: how result pages are looked at; by position when left out.
        phrases: other words for a kind of product (its narrowest category).

    Yields:
        Queries and events of UBI 1.3.0, none earlier than the one before.

    Raises:
        ValueError: when ``start`` has no time zone or ``days`` is below 1.
    """
    if start.tzinfo is None or days < 1:
        raise ValueError("start needs a time zone and days must be 1 or more")
    market = catalogue if isinstance(catalogue, Market) else Market.of(catalogue, seed)
    world = World(market, search, clicks or PositionBased(), phrases or {})
    waiting: list[tuple[str, int, Record]] = []
    count = 0
    for at, shopper, number in _visits(shoppers, seed, days, start):
        now = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        while waiting and waiting[0][0] <= now:
            yield heapq.heappop(waiting)[2]
        session_id = named_id(seed, "session", shopper.id, number)
        writer = Writer(application, shopper, session_id, at.astimezone(UTC))
        for record in visit(world, shopper, writer, Chance(seed, "visit", shopper.id, number)):
            count += 1
            heapq.heappush(waiting, (record.timestamp, count, record))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _visits(shoppers: Sequence[Shopper], seed: int, days: int, start: datetime) -> list[tuple[datetime, Shopper, int]]:
    """When who comes: most in the evening, the regulars often."""
    planned = []
    for shopper in shoppers:
        chance = Chance(seed, "visits", shopper.id)
        number, day = 0, chance.waiting(1 / shopper.visits)
        while day < days:
            hour = 7 + 15 * max(chance.unit(), chance.unit())
            planned.append((start + timedelta(days=int(day), hours=hour), shopper, number))
            number += 1
            day += chance.waiting(1 / shopper.visits)
    return sorted(planned, key=lambda v: (v[0], v[1].id, v[2]))
