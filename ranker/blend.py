"""Live signals that no text tells, put on the logit of a ranker's score.

Each is a value in 0..1 with 0.5 for "as with anything"; what is not known adds nothing, so that a new item stands like
an average one. The weights are priors for whoever has no log to learn from; docs/recommend.md has what they are worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from .candidate import Candidate, Ranking, Scored
from .fusion import first_stage

NEUTRAL = 0.5
WEIGHTS: Mapping[str, float] = MappingProxyType({"together": 4.0, "sequence": 4.0, "social": 3.0, "trending": 1.0})
"""What a signal adds to the logit when it goes from 0 to 1."""
SHORTLIST = 60
"""Candidates of a recommendation that the ranker scores."""
_EDGE = 1e-4


def contributions(signals: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> dict[str, float]:
    """What each known live signal adds to the logit."""
    return {name: weight * (signals[name] - NEUTRAL) for name, weight in weights.items() if name in signals}


def blended(ranking: Ranking, candidates: Sequence[Candidate], weights: Mapping[str, float] = WEIGHTS) -> Ranking:
    """A ranking with the live signals of its candidates in it.

    Args:
        ranking: of ``candidates``; its scores are taken as probabilities (cut to 0.0001..0.9999).
        candidates: the window that was ranked, in its order.
        weights: by signal.

    Returns:
        Every candidate once, by the new score (0..1), ties by id.
    """
    items = []
    for item in ranking.items:
        chance = min(max(item.score, _EDGE), 1.0 - _EDGE)
        moved = math.log(chance / (1.0 - chance)) + sum(
            contributions(candidates[item.position].signals, weights).values()
        )
        items.append(Scored(item.id, item.position, 1.0 / (1.0 + math.exp(-moved))))
    items.sort(key=lambda item: (-item.score, item.id))
    return Ranking(tuple(items), ranking.model, ranking.degraded, ranking.read)


def shortlist(candidates: Sequence[Candidate], size: int) -> list[Candidate]:
    """The best candidates by the first stage and the live signals together: what is worth reading."""
    best = blended(first_stage(candidates), candidates).items[:size]
    return [candidates[item.position] for item in best]
