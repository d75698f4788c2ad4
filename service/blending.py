"""Learning a catalogue's blend from its log: what people went on to, seen from where they stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from personal.counters import DAY_MS
from personal.event_times import now_ms
from personal.profiles import Held
from personal.visits import Next, Step, Trends, choices, steps
from plugin.catalogue import Catalogue
from plugin.errors import EngineError
from ranker.blend import BlendFile
from ranker.blendfit import Choice, Fitted, fit_blend
from ranker.sequence import SequenceModel
from ranker.significance import resampled_means

from .blends import prior_of
from .candidates import candidate_of
from .catalogues import Catalogues
from .followed import put
from .parts import Parts
from .problems import Problem
from .recommend import scored
from .recommend_window import Ask, Standpoint, Windowing
from .standins import other_halves

PER_PERSON = 8
"""Choices of one person, so that nobody outweighs all others."""

Report = Callable[[int, int], None]


class TooFewChoices(ValueError):
    """The log holds too little to learn from; the message says how much."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a blend is learnt.

    Attributes:
        days: so far back the log is read.
        most: choices that are looked at, spread over people.
        eta: rank r of a list was looked at with probability ``r ** -eta``.
        seed: which people are taken where there are too many, and how they are divided.
    """

    days: int = 30
    most: int = 1500
    eta: float = 0.8
    seed: int = 7


def learn(parts: Parts, index: str, settings: Settings, report: Report | None = None) -> BlendFile:
    """Learn a blend from a catalogue's events.

    What goes together is asked with the person left out; the sequence model's part is learnt with two models of half
    the people each, that see the other half. So no signal knows what it is to foretell.

    Args:
        parts: of this process.
        index: the catalogue.
        settings: of learning.
        report: called with (windows made, windows in all).

    Raises:
        TooFewChoices: the log holds too little.
        UnknownCatalogue: no such index.
        EngineError: the engine does not answer or refuses.
    """
    catalogue = Catalogues(parts.engine).find(index)
    since = now_ms() - settings.days * DAY_MS
    done = steps(parts.engine, index, since_ms=since)
    dice = np.random.default_rng(settings.seed)
    people = sorted(done)
    people = [people[int(place)] for place in dice.permutation(len(people))]
    wanted = spread(done, people, settings.eta, settings.most)
    trends = Trends(done)
    found: list[Choice] = []
    with other_halves(parts, index, done, people) as sequence_of:
        for number, one in enumerate(wanted, 1):
            choice = _seen(parts, catalogue, one, trends, sequence_of(one.person))
            if choice is not None:
                found.append(choice)
            if report is not None:
                report(number, len(wanted))
        fixed = ["social"] if sequence_of(people[0] if people else "") is not None else ["social", "sequence"]
    try:
        fitted = fit_blend(found, fixed=fixed, prior=prior_of(parts.sequences.of(index)), seed=settings.seed)
    except ValueError as error:
        raise TooFewChoices(
            f"too little to learn from in the last {settings.days} days: {error}; wait, or raise --days"
        ) from error
    return _file(index, settings, found, wanted, fitted)


def save(made: BlendFile, path: Path) -> None:
    """Write a blend where the service looks for it; a reader sees the old one or the new one whole."""
    put(path, made.model_dump_json(indent=2) + "\n")


def spread(done: Mapping[str, Sequence[Step]], people: Sequence[str], eta: float, most: int) -> list[Next]:
    """``most`` choices, the latest of each person first: of everybody one, then of everybody another, at most
    :data:`PER_PERSON`."""
    of_whom: list[str] = []
    for person in people:
        if len(of_whom) == most:
            break
        if choices(person, done[person], eta, most=1):
            of_whom.append(person)
    each = 1
    while True:
        rounds = zip_longest(*(choices(person, done[person], eta, most=each) for person in of_whom))
        wanted = [one for those in rounds for one in those if one is not None]
        if len(wanted) >= most or each == PER_PERSON:
            return wanted[:most]
        each *= 2


def _seen(
    parts: Parts, catalogue: Catalogue, one: Next, trends: Trends, sequence: SequenceModel | None
) -> Choice | None:
    """The window as it would have been made at that moment, and what was chosen of it; ``None``: nothing was."""
    apart = parts.behaviour.pseudonyms.person(catalogue.name, one.person)
    standpoint = Standpoint(
        Held(one.profile, one.session), one.at_ms, apart, trends.at(one.at_ms, one.person), sequence
    )
    lacks: list[str] = []
    window = Windowing(parts, catalogue, Ask(catalogue.name, one.viewed), standpoint, lacks)
    try:
        viewed = window.viewed()
    except Problem:
        return None  # the product has gone since
    hits = window.hits(viewed, window.origins(viewed))
    if lacks:
        raise EngineError(f"a window could not be made whole: {', '.join(lacks)}")
    chosen = {place: one.chosen[hit.id] for place, hit in enumerate(hits) if hit.id in one.chosen}
    if not chosen or len(hits) < 2:
        return None
    candidates = [candidate_of(hit) for hit in hits]
    ranking, _ = scored(parts, viewed, candidates)
    scores = {item.position: item.score for item in ranking.items}
    return Choice(one.person, [scores[place] for place in range(len(hits))], [hit.signals for hit in hits], chosen)


def _file(index: str, settings: Settings, found: list[Choice], wanted: list[Next], fitted: Fitted) -> BlendFile:
    gain = (fitted.held_out - fitted.held_out_prior)[:, None]
    low, high = np.percentile(resampled_means(gain, resamples=4000), [2.5, 97.5])
    people = len({choice.person for choice in found})
    return BlendFile(
        catalogue=index,
        model=round(fitted.blend.model, 4),
        weights={name: round(value, 4) for name, value in fitted.blend.weights.items()},
        people={"days": settings.days, "unit": "person", "people": people, "differential_privacy": None},
        training={
            "choices": len(found),
            "choices_outside_the_window": len(wanted) - len(found),
            "eta": settings.eta,
            "pull": fitted.pull,
            "learnt": list(fitted.learnt),
            "held_out": {
                "people": len(fitted.held_out),
                "reciprocal_rank": round(float(fitted.held_out.mean()), 4),
                "reciprocal_rank_of_priors": round(float(fitted.held_out_prior.mean()), 4),
                "gain": round(float(gain.mean()), 4),
                "gain_ci": [round(float(low), 4), round(float(high), 4)],
            },
        },
    )
