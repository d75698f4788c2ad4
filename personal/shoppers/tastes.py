"""Who the shoppers are: hidden tastes, drawn from a seed, and the true value that a product has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .chance import Chance, named_id
from .market import Market, Product, department, style


@dataclass(frozen=True, slots=True)
class Persona:
    """A character: how much each thing counts, which price level is liked (log2 against usual), how patient."""

    name: str
    share: float
    brand: float
    colour: float
    style: float
    price: float
    rating: float
    popularity: float
    level: float
    patience: float
    buying: float


PERSONAS = (
    Persona("bargain hunter", 0.24, 0.3, 0.7, 0.5, 1.5, 0.5, 0.2, -0.5, 1.3, 0.8),
    Persona("brand loyalist", 0.2, 1.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.3, 0.9, 1.1),
    Persona("style seeker", 0.22, 0.5, 1.2, 1.4, 0.4, 0.3, 0.4, 0.2, 1.1, 1.0),
    Persona("quality seeker", 0.16, 0.7, 0.5, 0.5, 0.7, 1.4, 0.3, 0.6, 1.2, 1.1),
    Persona("trend follower", 0.18, 0.6, 0.8, 0.6, 0.5, 0.5, 1.5, 0.1, 0.8, 1.0),
)
BOT = Persona("bot", 0.0, 0, 0, 0, 0, 0, 0, 0, 9.9, 0.0)


@dataclass(frozen=True, slots=True)
class Shopper:
    """A simulated person. Affinities lie in -1 to 1; what is missing is 0."""

    id: str
    client_id: str
    persona: Persona
    departments: Mapping[str, float]
    brands: Mapping[str, float]
    colours: Mapping[str, float]
    styles: Mapping[str, float]
    level: float
    visits: float
    market: Market = field(repr=False, compare=False)

    @property
    def is_bot(self) -> bool:
        """Whether this is no person."""
        return self.persona is BOT


def make_shoppers(market: Market, count: int, seed: int = 7, bots: int = 1) -> list[Shopper]:
    """``count`` people and ``bots`` bots, each a function of the seed and its number.

    Raises:
        ValueError: when ``count`` or ``bots`` is negative.
    """
    if count < 0 or bots < 0:
        raise ValueError(f"count and bots must be 0 or more, not {count} and {bots}")
    people = [_shopper(market, seed, number) for number in range(count)]
    robots = [
        replace(_shopper(market, seed, count + i), id=f"bot{i + 1:02d}", persona=BOT, visits=3.0) for i in range(bots)
    ]
    return people + robots


def _shopper(market: Market, seed: int, number: int) -> Shopper:
    chance = Chance(seed, "shopper", number)
    persona = chance.one(PERSONAS, [p.share for p in PERSONAS])
    liked = chance.some(list(market.departments), 3)
    brands: dict[str, float] = {}
    for name in market.departments:
        of_department = market.brands.get(name, ())
        brands |= dict.fromkeys(chance.some(of_department, max(1, len(of_department) // 4)), 1.0)
        others = [b for b in of_department if b not in brands]
        brands |= dict.fromkeys(chance.some(others, len(of_department) // 4), -0.6)
    return Shopper(
        id=f"s{number + 1:04d}",
        client_id=named_id(seed, "client", number),
        persona=persona,
        departments=dict(zip(liked, (1.0, 0.7, 0.4), strict=False)),
        brands=brands,
        colours=_likes(chance, market.colours, 0.2),
        styles=_likes(chance, market.styles, 0.25),
        level=persona.level + 0.25 * (chance.unit() + chance.unit() - 1.0),
        visits=0.15 + chance.waiting(0.35),
        market=market,
    )


def _likes(chance: Chance, values: tuple[str, ...], share: float) -> dict[str, float]:
    count = max(1, round(len(values) * share))
    drawn = chance.some(values, 2 * count)
    return dict.fromkeys(drawn[:count], 1.0) | dict.fromkeys(drawn[count:], -0.7)


def utility(shopper: Shopper, product: Product) -> float:
    """What the product is truly worth to the shopper: about -3 to 4, 0 for indifference. The oracle of measurements;
    it knows neither the query nor what is in stock."""
    p, level = shopper.persona, shopper.market.price_level(product)
    value = p.brand * shopper.brands.get(str(product.get("brand")), 0.0)
    value += p.colour * shopper.colours.get(str(product.get("color")), 0.0)
    value += p.style * shopper.styles.get(style(product), 0.0)
    value += 0.4 * shopper.departments.get(department(product), -0.25)
    if level is not None:
        value += p.price * (0.5 - min(1.5, abs(level - shopper.level)))
    rating = (product.get("attributes") or {}).get("rating")
    if rating is not None:
        value += p.rating * (float(rating) - 4.2)
    return value + p.popularity * (shopper.market.popularity[str(product["id"])] - 0.2)
