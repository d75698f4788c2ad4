"""What held-out next items tell of how much the signals ``sequence`` and ``category`` count.

A model that foretells well deserves more weight in a list than one that does not, and a shop in which people go on to
products of the same kind is another than a collection of films. Both are read from the items that were held out for
choosing the mixture: a conditional logit (``ranker.blendfit``) of the item that came next, among those that a list
beside the item before would be chosen from: what the model expects first, and products of the same kind. Among all
items the category would stand for what the model knows already, for there it tells most items from the likely ones.
The weights are pulled towards the priors as the other weights are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from ..blend import PRIOR
from ..blendfit import FOLDS, Choice, fit_blend
from ..kinds import shared
from ..sequence import BEST, Floats, signal_of

KIN = 50
"""So many products of the kind of the item before stand beside what the model expects."""
PEOPLE = 2000
TOLD = ("sequence", "category")


def told(
    histories: Sequence[Sequence[int]],
    following: Sequence[int],
    chances: Callable[[int], Floats],
    paths: Sequence[Sequence[str]],
    seed: int,
) -> dict[str, float]:
    """The weights that the held-out items tell of, by signal; empty where too few people's were among the candidates.

    Args:
        histories: numbers of items, oldest first, without the one that came next.
        following: of each history, the item that came next.
        chances: of the history of a place, the probability of each item to be the next.
        paths: of each item, its path of categories, widest first; empty where it is not known.
        seed: which people, and which products of the same kind.
    """
    dice, items = np.random.default_rng(seed), len(paths)
    kinds: dict[Sequence[str], list[int]] = defaultdict(list)
    for item, path in enumerate(paths):
        kinds[path].append(item)
    found: list[Choice] = []
    for place in dice.permutation(len(histories))[:PEOPLE]:
        history, target, likely = histories[int(place)], following[int(place)], chances(int(place)).copy()
        likely[list(set(history))] = -1.0
        path = paths[history[-1]]
        kin = [item for item in (kinds[path] if path else []) if likely[item] >= 0.0]
        window = {int(item) for item in np.argsort(-likely, kind="stable")[:BEST] if likely[item] >= 0.0}
        window |= {int(item) for item in dice.choice(kin, min(KIN, len(kin)), replace=False)} if kin else set()
        if target not in window:
            continue
        signals, candidates = [], sorted(window)
        for item in candidates:
            known = {"sequence": signal_of(float(likely[item]), items)}
            if (same := shared(path, paths[item])) is not None:
                known["category"] = same
            signals.append(known)
        found.append(Choice(str(place), [0.5] * len(signals), signals, {candidates.index(target): 1.0}))
    if len(found) < FOLDS:
        return {}
    fitted = fit_blend(found, fixed=[name for name in PRIOR.weights if name not in TOLD], seed=seed)
    return {name: round(fitted.blend.weights[name], 4) for name in TOLD if name in fitted.learnt}
