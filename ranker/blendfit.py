"""Learning how much each live signal counts, from what people chose next.

A choice is a window of candidates and the ones among them that somebody went on to care for. The blend is a conditional
logit (McFadden, 1974): the chance of a candidate is the softmax of its blended logit over the window. A choice that
was made far down a list counts for more (inverse propensity, Joachims, Swaminathan, Schnabel, WSDM 2017). The weights
are pulled towards the priors, so what the log says nothing of stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blend import NEUTRAL, PRIOR, Blend, logit

Floats = NDArray[np.float64]
PULLS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""How hard the weights are pulled towards the priors: what is tried, for each unit of weight of an average choice."""
FOLDS = 5
STEPS = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose from a window.

    Attributes:
        person: who; the same name is the same person.
        scores: of the ranker, 0..1, shape (n,).
        signals: live signals of each candidate, as far as known.
        chosen: weight by place of the candidate that was chosen; above 0.
    """

    person: str
    scores: Sequence[float]
    signals: Sequence[Mapping[str, float]]
    chosen: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A learnt blend.

    Attributes:
        blend: what was learnt.
        pull: that ranked the people held out best.
        learnt: names of the signals that the choices say anything about.
        held_out: reciprocal rank of what was chosen, weighted, of each person when held out: with the learnt blend.
        held_out_prior: the same with the priors, in the same order.
    """

    blend: Blend
    pull: float
    learnt: tuple[str, ...]
    held_out: Floats
    held_out_prior: Floats


def fit_blend(choices: Sequence[Choice], *, fixed: Sequence[str] = (), prior: Blend = PRIOR, seed: int = 7) -> Fitted:
    """Learn a blend.

    Args:
        choices: of many people.
        fixed: signals that keep the prior's weight whatever the choices say.
        prior: where nothing is known; which signals there are.
        seed: of the division of people into folds.

    Raises:
        ValueError: fewer than :data:`FOLDS` people chose anything.
    """
    people = sorted({choice.person for choice in choices})
    if len(people) < FOLDS:
        raise ValueError(f"{len(people)} people chose something; at least {FOLDS} are needed")
    seen = {name for choice in choices for signals in choice.signals for name in signals}
    learnt = tuple(name for name in prior.weights if name in seen and name not in fixed)
    windows = [_Window.of(choice, learnt, prior) for choice in choices]
    start = np.array([prior.model, *(prior.weights[name] for name in learnt)])
    order = np.random.default_rng(seed).permutation(len(people))
    fold = {people[int(place)]: number % FOLDS for number, place in enumerate(order)}

    def parts(number: int) -> tuple[list[_Window], list[_Window]]:
        inside = [one for one, choice in zip(windows, choices, strict=True) if fold[choice.person] != number]
        return inside, [one for one, choice in zip(windows, choices, strict=True) if fold[choice.person] == number]

    best: tuple[float, float] | None = None
    for pull in PULLS:
        loss = 0.0
        for number in range(FOLDS):
            inside, outside = parts(number)
            loss += _loss(outside, _solve(inside, start, pull))
        if best is None or loss < best[0]:
            best = (loss, pull)
    assert best is not None
    pull = best[1]
    ranks: dict[str, list[tuple[float, float, float]]] = {}
    for number in range(FOLDS):
        inside, outside = parts(number)
        beta = _solve(inside, start, pull)
        for one in outside:
            ranks.setdefault(one.person, []).append((one.weight, one.reciprocal(beta), one.reciprocal(start)))
    tables = [np.array(ranks[name]) for name in sorted(ranks)]
    held_out = np.array([np.average(table[:, 1:], axis=0, weights=table[:, 0]) for table in tables])
    beta = _solve(windows, start, pull)
    weights = {**prior.weights, **{name: float(value) for name, value in zip(learnt, beta[1:], strict=True)}}
    return Fitted(Blend(float(beta[0]), weights), pull, learnt, held_out[:, 0], held_out[:, 1])


@dataclass(frozen=True, slots=True)
class _Window:
    """A choice as numbers.

    Attributes:
        table: the logit of the score and the centred signals, shape (n, 1 + signals).
        offset: what fixed signals add, shape (n,).
        shares: of the choice's weight, shape (n,), sums to 1.
    """

    person: str
    table: Floats
    offset: Floats
    shares: Floats
    weight: float

    @staticmethod
    def of(choice: Choice, learnt: Sequence[str], prior: Blend) -> _Window:
        rows = [
            [logit(score), *(signals.get(name, NEUTRAL) - NEUTRAL for name in learnt)]
            for score, signals in zip(choice.scores, choice.signals, strict=True)
        ]
        rest = [name for name in prior.weights if name not in learnt]
        offset = [
            sum(prior.weights[name] * (signals.get(name, NEUTRAL) - NEUTRAL) for name in rest)
            for signals in choice.signals
        ]
        shares = np.zeros(len(rows))
        for place, weight in choice.chosen.items():
            shares[place] = weight
        total = float(shares.sum())
        return _Window(choice.person, np.array(rows), np.array(offset), shares / total, total)

    def chances(self, beta: Floats) -> Floats:
        logits = self.table @ beta + self.offset
        raised = np.exp(logits - logits.max())
        result: Floats = raised / raised.sum()
        return result

    def reciprocal(self, beta: Floats) -> float:
        """The weighted mean of 1 / rank of what was chosen."""
        logits = self.table @ beta + self.offset
        ranks = np.empty(len(logits))
        ranks[np.argsort(-logits, kind="stable")] = np.arange(1, len(logits) + 1)
        return float((self.shares / ranks).sum())


def _loss(windows: Sequence[_Window], beta: Floats) -> float:
    """Weighted negative log-likelihood of the choices."""
    return -sum(one.weight * float(one.shares @ np.log(one.chances(beta) + 1e-300)) for one in windows)


def _solve(windows: Sequence[_Window], start: Floats, pull: float) -> Floats:
    """Newton's method with halved steps: the loss is convex, and the pull makes its minimum unique."""
    total = sum(one.weight for one in windows)

    def whole(beta: Floats) -> float:
        return _loss(windows, beta) / total + 0.5 * pull * float((beta - start) @ (beta - start))

    beta = start.copy()
    value = whole(beta)
    for _ in range(STEPS):
        gradient = pull * (beta - start)
        curvature = pull * np.eye(len(beta))
        for one in windows:
            chances = one.chances(beta)
            mean = chances @ one.table
            gradient += one.weight / total * (mean - one.shares @ one.table)
            curvature += one.weight / total * ((one.table * chances[:, None]).T @ one.table - np.outer(mean, mean))
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-6 and whole(beta - size * step) > value:
            size /= 2.0
        after = whole(beta - size * step)
        if value - after < 1e-10:
            break
        beta, value = beta - size * step, after
    return beta
