"""How good suggestions are: queries typed again, and at which place they are offered after so many characters."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from personal.event_times import now_ms
from personal.suggestions.asked import suggestible
from personal.suggestions.store import Record, put, query_id
from personal.suggestions.suggester import Suggester
from personal.suggestions.text import key
from plugin.client import Engine
from plugin.names import SUGGESTIONS
from plugin.statedocs import delete_where
from ranker.errors import JudgmentError
from ranker.significance import Estimate, chance_of, estimates

from .completion import completing
from .suggesters import SuggestSystem

TYPED = (1, 3, 5)
"""After so many characters."""
MEASURES = tuple(f"mrr@10_after_{count}" for count in TYPED)
SIZE = 10
PEOPLE = 100_000
"""So many people typed a query each before."""

Offer = Callable[[str], Sequence[str]]
"""What is offered for a beginning, best first."""
OnQuery = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Typing:
    """What was typed before, and what is typed now.

    Attributes:
        texts: how many different queries there are.
        known: how many people typed a query before; those that enough did.
        wanted: what is typed now, drawn with the same popularity; a query may be among them that is not known.
    """

    texts: int
    known: Mapping[str, float]
    wanted: Sequence[str]


@dataclass(frozen=True, slots=True)
class SuggestFound:
    """What was measured.

    Attributes:
        typing: on what.
        systems: by name, estimates by measure.
        differences: by pair of systems (first, second): of second - first by measure, with its p-value.
    """

    typing: Typing
    systems: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[tuple[str, str], Mapping[str, tuple[Estimate, float]]]


def typing_of(texts: Iterable[str], *, enough: int, most: int = 1000, seed: int = 0) -> Typing:
    """Draw how popular queries are (Zipf's law, in an order by chance), for a file of queries does not say it.

    Args:
        texts: the queries; those that may never be suggested are left out, as in service.
        enough: so many people make a query known.
        most: queries that are typed now.
        seed: of the order and the draws.

    Raises:
        JudgmentError: no query may be suggested, or none was typed by enough people.
    """
    usable = sorted({plain for text in texts if (plain := suggestible(text)) is not None})
    if not usable:
        raise JudgmentError("queries: none of them may be suggested (2 to 60 characters, naming nobody)")
    dice = np.random.default_rng(seed)
    order = [usable[int(place)] for place in dice.permutation(len(usable))]
    chances = 1.0 / np.arange(1, len(order) + 1)
    chances /= chances.sum()
    before = Counter(dice.choice(len(order), PEOPLE, p=chances).tolist())
    known = {order[place]: float(people) for place, people in sorted(before.items()) if people >= enough}
    if not known:
        raise JudgmentError(f"queries: none of {len(order)} was typed by {enough} of {PEOPLE} people")
    wanted = [order[int(place)] for place in dice.choice(len(order), most, p=chances)]
    return Typing(len(order), known, wanted)


def evaluate_suggest(
    engine: Engine,
    typing: Typing,
    systems: Sequence[SuggestSystem],
    *,
    half_life_days: float,
    compare: Sequence[tuple[SuggestSystem, SuggestSystem]] = (),
    seed: int = 0,
    on_query: OnQuery | None = None,
) -> SuggestFound:
    """Type queries, and see at which place a system offers each after 1, 3 and 5 characters.

    Every system knows the same queries with the same popularity. What is written for it is deleted again.

    Args:
        engine: with hybridrank installed.
        typing: see :func:`typing_of`.
        systems: ``suggest`` as the service answers anybody; ``popular_queries``: those that begin so, the most popular
            first; ``completion``: OpenSearch's completion suggester, fuzzy.
        half_life_days: after how many days a query counts half.
        compare: pairs.
        seed: of the resamples.
        on_query: called with (system, queries typed).

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    named = list(dict.fromkeys([*systems, *(name for pair in compare for name in pair)]))
    values = {}
    for name in named:
        with _SYSTEMS[name](engine, typing.known, half_life_days) as offer:
            values[name] = np.array(list(_typed(name, typing.wanted, offer, on_query)))
    found: dict[str, Mapping[str, Estimate]] = {
        name: dict(zip(MEASURES, estimates(table, seed=seed), strict=True)) for name, table in values.items()
    }
    differences: dict[tuple[str, str], Mapping[str, tuple[Estimate, float]]] = {}
    for first, second in compare:
        gain = values[second] - values[first]
        pairs = [(one, chance_of(gain[:, place], seed=seed)) for place, one in enumerate(estimates(gain, seed=seed))]
        differences[first, second] = dict(zip(MEASURES, pairs, strict=True))
    return SuggestFound(typing, found, differences)


def reciprocal(offered: Sequence[str], wanted: str) -> float:
    """One over the place of what was wanted, however it is written; 0 where it is not there."""
    keys = [key(text) for text in offered]
    return 1.0 / (keys.index(key(wanted)) + 1) if key(wanted) in keys else 0.0


def _typed(system: str, wanted: Sequence[str], offer: Offer, on_query: OnQuery | None) -> Iterator[list[float]]:
    offered: dict[str, Sequence[str]] = {}
    for number, text in enumerate(wanted, 1):
        row = []
        for count in TYPED:
            start = text[:count]
            if start not in offered:
                offered[start] = offer(start)
            row.append(reciprocal(offered[start], text))
        yield row
        if on_query is not None:
            on_query(system, number)


@contextmanager
def suggesting(engine: Engine, known: Mapping[str, float], half_life_days: float) -> Iterator[Offer]:
    """The service's suggestions for anybody, over these queries alone, in a catalogue of their own."""
    catalogue, now = f"evaluated-{uuid.uuid4().hex}", now_ms()
    records = [Record(query_id(catalogue, text), text, "query", people, now, {}) for text, people in known.items()]
    try:
        put(engine, catalogue, records)
        suggester = Suggester(engine, half_life_days)
        yield lambda start: [one.text for one in suggester.suggest(catalogue, start, SIZE)]
    finally:
        delete_where(engine, SUGGESTIONS, {"term": {"catalogue": catalogue}})


@contextmanager
def _popular(_engine: Engine, known: Mapping[str, float], _half_life_days: float) -> Iterator[Offer]:
    order = sorted(known, key=lambda text: (-known[text], text))
    yield lambda start: [text for text in order if text.startswith(start)][:SIZE]


@contextmanager
def _completing(engine: Engine, known: Mapping[str, float], _half_life_days: float) -> Iterator[Offer]:
    with completing(engine) as suggester:
        suggester.fill(known)
        yield lambda start: suggester.suggest(start, SIZE)


_SYSTEMS = {"suggest": suggesting, "popular_queries": _popular, "completion": _completing}
