"""What is true of a product of the sample shop, before it is put into words.

A product is a function of the seed and its number alone, so the first thousand of a million are the thousand that a
smaller catalogue has, and any product can be made again without its neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from .dice import Dice, at
from .phrases import fill_numbers
from .vocabulary import Department, Type, vocabulary

GOLDEN = (math.sqrt(5) - 1) / 2
ID_BITS = 40
ID_MULTIPLIERS = (0x5851F42D4D, 0x14057B7EF7)
CHINESE_SHARE = 0.06
OUT_OF_STOCK_SHARE = 0.08
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Facts:
    """The true attributes of a product: what judgments, pictures and simulated shoppers are derived from."""

    number: int
    id: str
    department: str
    type: str
    brand: str
    line: str
    name: str
    colour: str
    material: str
    pattern: str
    style: str
    audience: str
    features: tuple[str, ...]
    size: str
    price: float
    in_stock: bool
    rating: float
    chinese: bool

    @property
    def family(self) -> str:
        """The word that shoppers use for the colour."""
        return vocabulary().colours.colours[self.colour].family


@cache
def _weights() -> dict[tuple[str, str], float]:
    return {
        (key, kind): d.weight * t.weight for key, d in vocabulary().departments.items() for kind, t in d.types.items()
    }


def product_id(seed: int, number: int) -> str:
    """An id that looks like a shop's and differs for every number (a bijection on 40 bits).

    Its order says nothing about the product: who browses without a query sees a bit of everything.
    """
    first, second = ID_MULTIPLIERS
    value = (number * first + Dice(seed, "ids").below(1 << ID_BITS)) % (1 << ID_BITS)
    value = ((value ^ (value >> (ID_BITS // 2))) * second) % (1 << ID_BITS)
    return "P" + "".join(ALPHABET[(value >> shift) & 31] for shift in range(ID_BITS - 5, -1, -5))


def facts(seed: int, number: int) -> Facts:
    """Make product ``number`` (0, 1, ...) of the catalogue of ``seed``."""
    words = vocabulary()
    dice = Dice(seed, "product", number)
    start = Dice(seed, "start").unit()
    department_key, type_key = at(_weights(), (start + number * GOLDEN) % 1.0)
    department = words.departments[department_key]
    kind = department.types[type_key]
    material = dice.one(kind.materials)
    audience = dice.weighted(kind.audiences or department.audiences)
    chosen = _features(dice, department, kind, material, audience)
    brand, level = _brand(dice, department)
    pattern = dice.one(kind.patterns or department.patterns)
    return Facts(
        number=number,
        id=product_id(seed, number),
        department=department_key,
        type=type_key,
        brand=brand,
        line=_line(dice),
        name=_name(dice, department, kind, material, chosen),
        colour=_colour(dice, kind, material),
        material=material,
        pattern=pattern,
        style=dice.one(kind.styles or department.styles),
        audience=audience,
        features=tuple(chosen),
        size=_size(dice, department, kind, audience),
        price=_price(dice, kind, level * words.materials[material].factor * (0.7 if audience == "kids" else 1.0)),
        in_stock=not dice.chance(OUT_OF_STOCK_SHARE),
        rating=min(5.0, max(2.3, round(4.25 + 0.2 * math.tanh(level - 1) + 0.42 * dice.normal(), 1))),
        chinese=dice.chance(CHINESE_SHARE / 0.93) and not department.book,
    )


def _features(dice: Dice, department: Department, kind: Type, material: str, audience: str) -> list[str]:
    chosen = list(kind.always)
    wanted = len(chosen) + (dice.one((1, 1, 2, 2, 3)) if kind.features else 0)
    for key in dice.some(kind.features, len(kind.features)):
        feature = department.features[key]
        clash = any(key in department.features[c].excludes or c in feature.excludes for c in chosen)
        fits = material not in feature.not_ and (not feature.only or audience in feature.only)
        if len(chosen) < wanted and key not in chosen and fits and not clash:
            chosen.append(key)
    return chosen


def _brand(dice: Dice, department: Department) -> tuple[str, float]:
    brands = vocabulary().brands[department.brands]
    # A few brands sell much, most sell little: rank r gets weight 1 / (r + 2).
    name = dice.weighted({brand: 1 / (rank + 2) for rank, brand in enumerate(brands)})
    return name, brands[name]


def _line(dice: Dice) -> str:
    line = dice.one(vocabulary().terms.lines)
    if dice.chance(0.45):
        line += " " + dice.one(("2", "3", "4", "II", "III", "Pro", "Lite", "Plus", "Mini", "Go", "One", "Studio", "X"))
    return line


def _name(dice: Dice, department: Department, kind: Type, material: str, features: list[str]) -> str:
    """A name for the type that claims nothing untrue: no "Wireless Mouse" with a cable, no "Wool Coat" of cotton."""
    made_of = vocabulary().materials[material].title.lower()
    wooden = material in {"oak", "walnut", "pine", "beech", "painted wood", "bamboo"}
    claims = {w: key for key, f in department.features.items() for w in f.words if " " not in w}

    def honest(name: str) -> bool:
        tokens = name.lower().replace("-", " ").split()
        for word in tokens:
            if word in _material_words() and word not in made_of:
                return False
            if word == "wooden" and not wooden:
                return False
            if word in claims and not any(word in department.features[f].words for f in features):
                return False
        return True

    candidates = [name for name in kind.names if honest(name)] or [kind.names[0]]
    return candidates[0] if dice.chance(0.4) else dice.one(candidates)


@cache
def _material_words() -> frozenset[str]:
    return frozenset({"leather", "wool", "down", "denim", "cotton", "silk", "linen", "metal", "glass"})


def _colour(dice: Dice, kind: Type, material: str) -> str:
    colours = vocabulary().colours
    if kind.fixed_colour:
        return kind.fixed_colour
    own = vocabulary().materials[material].colours
    return dice.one(colours.palette(kind.colours if kind.any_colour or not own else own))


def _size(dice: Dice, department: Department, kind: Type, audience: str) -> str:
    sizes = kind.sizes or department.sizes or ""
    pattern = sizes if isinstance(sizes, str) else sizes.get(audience, next(iter(sizes.values())))
    return fill_numbers(pattern, dice)


def _price(dice: Dice, kind: Type, factor: float) -> float:
    """Log-normal around the type's median, with the endings that shops use."""
    median, spread = kind.price
    raw = median * factor * math.exp(0.55 * spread * dice.normal())
    if raw < 20:
        return max(1.49, round(raw * 2) / 2 - dice.one((0.01, 0.05)))
    if raw < 200:
        return round(raw) - dice.one((0.01, 0.05, 0.1, 0.0))
    return float(round(raw / 10) * 10 - dice.one((1, 0, 1, 5)))
