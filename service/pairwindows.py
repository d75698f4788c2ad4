"""Training windows of products in the query's place: what was seen and bought together, graded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from personal.affinity import SESSION_HALF_LIFE_S, affinities
from personal.pairs import TOP_GRADE, Act, Visit
from personal.recommend import ALSO, query_of
from personal.taste import EMPTY, Action, facts_of
from personal.viewed import request_of
from plugin.candidates import Hit, gather
from plugin.catalogue import Catalogue, lookup
from plugin.client import Engine
from plugin.statedocs import read_many
from ranker.blend import SHORTLIST, shortlist
from ranker.candidate import Candidate
from ranker.windows import Window

BATCH = 32


@dataclass(frozen=True, slots=True)
class Viewed:
    """A product to make a window of.

    Attributes:
        item: its id.
        grades: 0 to 3 by other product.
        earlier: what was done in the visit, the product itself included; gives the signal ``session``.
    """

    item: str
    grades: Mapping[str, float]
    earlier: tuple[Act, ...] = ()


def of_pairs(grades: Mapping[str, Mapping[str, float]]) -> list[Viewed]:
    """One a product that something goes with."""
    return [Viewed(item, found) for item, found in grades.items()]


def of_visits(visits: Sequence[Visit], grades: Mapping[str, Mapping[str, float]]) -> list[Viewed]:
    """One a step of a visit: what came next is relevant, what never comes together is not, the rest is not judged."""
    return [
        Viewed(
            one.viewed.item,
            {other: grade for other, grade in grades[one.viewed.item].items() if grade == 0.0}
            | {one.following: TOP_GRADE},
            (*one.earlier, one.viewed),
        )
        for one in visits
    ]


def viewed_windows(engine: Engine, index: str, wanted: Sequence[Viewed], *, source: str) -> Iterator[Window]:
    """Gather beside each product the candidates that a recommendation has, and what goes with it.

    Products that the catalogue does not have are passed over, and so are windows in which nothing relevant is left.
    The live signals ``together`` and ``sequence`` are no input of the model and stay out.

    Raises:
        UnknownCatalogue: no such catalogue.
    """
    catalogue = lookup(engine, index)
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        names = {act.item for one in part for act in one.earlier} | {one.item for one in part}
        found = read_many(engine, [(catalogue.index, name) for name in sorted(names)])
        stored = {name: {"id": name, **document.source} for (_, name), document in found.items()}
        for number, one in enumerate(part, start):
            if one.item not in stored:
                continue
            window = _window(engine, catalogue, one, stored)
            grades = tuple(one.grades.get(item.id) for item in window)
            if any(grade for grade in grades):
                yield Window(f"v{number:06d}", query_of(stored[one.item]), source, tuple(window), grades)


def _window(
    engine: Engine, catalogue: Catalogue, one: Viewed, stored: Mapping[str, Mapping[str, object]]
) -> list[Candidate]:
    relevant = sorted((name for name, grade in one.grades.items() if grade), key=lambda name: (-one.grades[name], name))
    request = request_of(stored[one.item], hidden={one.item}, also=relevant[:ALSO], available=False)
    hits = gather(engine, replace(catalogue, name=catalogue.index), request).hits
    session = _session(one.earlier, stored, hits)
    candidates = [
        Candidate(hit.id, hit.text, {**hit.signals, **({"session": session[hit.id]} if session else {})})
        for hit in hits
    ]
    kept = {item.id for item in shortlist(candidates, SHORTLIST)} | set(relevant)
    return [item for item in candidates if item.id in kept]


def _session(
    earlier: Sequence[Act], stored: Mapping[str, Mapping[str, object]], hits: Sequence[Hit]
) -> dict[str, float]:
    """How well each candidate fits the visit, as serving computes it; empty where there was none."""
    known = [act for act in earlier if act.item in stored]
    if not known:
        return {}
    taste = EMPTY.plus(
        Action(act.action, act.item, facts_of(stored[act.item]), "", act.time_ms, str(number))
        for number, act in enumerate(known)
    )
    sources = {hit.id: hit.source for hit in hits}
    return affinities(taste, sources, now_ms=known[-1].time_ms, half_life_s=SESSION_HALF_LIFE_S)
