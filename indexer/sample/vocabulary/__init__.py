"""The words of the sample shop: JSON files that one can read, checked when they are loaded."""

from __future__ import annotations

import json
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(_Words):
    """A colour as a shop names it; ``family`` is the word that shoppers use (navy is blue)."""

    rgb: tuple[int, int, int]
    family: str
    zh: str


class Material(_Words):
    """A material; ``colours`` (names, or the name of a palette) are those in which it comes, when it has its own."""

    title: str
    zh: str
    factor: float
    say: list[str]
    colours: list[str] | str | None = None


class Feature(_Words):
    """Something that a product can do. ``not_`` names materials, ``excludes`` features that it cannot go with."""

    title: str
    zh: str
    words: list[str]
    say: list[str]
    not_: Annotated[list[str], Field(alias="not")] = []
    excludes: list[str] = []
    only: list[str] = []


class Type(_Words):
    """One kind of product. What is ``None`` is taken from the department."""

    names: list[str]
    one: str
    zh: str
    shape: str
    group: str
    price: tuple[float, float]
    materials: list[str]
    features: list[str]
    search: list[str]
    uses: list[str]
    sizes: dict[str, str] | str | None = None
    weight: float = 1.0
    colours: list[str] | str = "wear"
    any_colour: bool = False
    fixed_colour: str | None = None
    patterns: list[str] | None = None
    styles: list[str] | None = None
    audiences: dict[str, float] | None = None
    always: list[str] = []
    facts: list[str] = []
    facts_unless: dict[str, list[str]] = {}
    titles: list[str] = []
    say: list[str] = []


class Department(_Words):
    """A department with its types and the sentences that they share."""

    department: str
    zh: str
    brands: str
    audiences: dict[str, float]
    patterns: list[str]
    styles: list[str]
    openers: list[str]
    closers: list[str]
    features: dict[str, Feature]
    types: dict[str, Type]
    sizes: dict[str, str] | None = None
    weight: float = 1.0
    plural: bool = False
    book: bool = False
    audience_in_title: bool = True
    words: dict[str, list[str]] = {}


class Pattern(_Words):
    """A pattern of the surface."""

    zh: str
    words: list[str]


class Style(_Words):
    """A style."""

    zh: str


class Audience(_Words):
    """For whom a product is."""

    zh: str
    title: str
    words: list[str]


class Terms(_Words):
    """What all departments share."""

    styles: dict[str, Style]
    patterns: dict[str, Pattern]
    audiences: dict[str, Audience]
    pattern_sentences: dict[str, list[str]]
    lines: list[str]


class Colours(_Words):
    """Colours, and the palettes in which products come."""

    colours: dict[str, Colour]
    palettes: dict[str, list[str]]

    def palette(self, names: list[str] | str) -> list[str]:
        """A palette by its name, or the names themselves."""
        return self.palettes[names] if isinstance(names, str) else names


class Vocabulary(_Words):
    """All words. ``kinds`` maps the key of a type to its department and itself."""

    colours: Colours
    terms: Terms
    materials: dict[str, Material]
    brands: dict[str, dict[str, float]]
    departments: dict[str, Department]

    @cached_property
    def kinds(self) -> dict[str, tuple[Department, Type]]:
        """Every type by its key."""
        return {key: (d, t) for d in self.departments.values() for key, t in d.types.items()}


@cache
def vocabulary() -> Vocabulary:
    """Load the words; raises ``pydantic.ValidationError`` naming the field when a file is malformed."""
    here = files(__name__)

    def read(name: str) -> object:
        return json.loads(here.joinpath(name).read_text(encoding="utf-8"))

    names = sorted(f.name for f in here.joinpath("departments").iterdir() if f.name.endswith(".json"))
    return Vocabulary.model_validate(
        {
            "colours": read("colours.json"),
            "terms": read("terms.json"),
            "materials": read("materials.json"),
            "brands": read("brands.json"),
            "departments": {name[:-5]: read(f"departments/{name}") for name in names},
        }
    )


class Written(_Words):
    """A query written by hand, with its conditions."""

    text: str
    types: list[str]
    audience: str = ""
    families: list[str] = []
    materials: list[str] = []
    features: list[str] = []
    patterns: list[str] = []
    not_features: list[str] = []
    not_materials: list[str] = []
    not_families: list[str] = []


class QueryWords(_Words):
    """Queries written by hand, patterns for the others, and which kinds of product complement which."""

    themes: list[Written]
    negations: list[Written]
    complements: dict[str, list[str]]
    price_words: list[str]
    patterns: dict[str, list[str]]


@cache
def queries() -> QueryWords:
    """Load what queries are made from."""
    return QueryWords.model_validate_json(files(__name__).joinpath("queries.json").read_text(encoding="utf-8"))
