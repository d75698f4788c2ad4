"""Live signals that no text tells, put on the logit of a ranker's score.

Each is a value in 0..1 with 0.5 for "as with anything"; what is not known adds nothing, so that a new item stands like
an average one. The weights are priors until a shop's own log has been learnt from (``ranker.blendfit``);
docs/recommend.md has what both are worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .candidate import Candidate, Ranking, Scored
from .errors import ModelError
from .faults import first_fault
from .fusion import first_stage

NEUTRAL = 0.5
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "together": 4.0,
        "sequence": 4.0,
        "social": 3.0,
        "trending": 1.0,
        "category": 4.0,
        "profile": 4.0,
        "session": 1.0,
    }
)
"""What a signal adds to the logit when it goes from 0 to 1, where nothing was learnt."""
SHORTLIST = 60
"""Candidates of a recommendation that the ranker scores."""
EDGE = 1e-4
"""A ranker's score is taken as a probability, cut to ``EDGE..1 - EDGE``."""


@dataclass(frozen=True, slots=True)
class Blend:
    """How a ranker's score and live signals become one.

    Attributes:
        model: what the logit of the ranker's score is multiplied by.
        weights: of the live signals, by name.
    """

    model: float = 0.5
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)


PRIOR = Blend()


def told_by(weights: Mapping[str, float]) -> Blend:
    """The priors, but for signals whose weights a catalogue's own log has told."""
    return Blend(PRIOR.model, MappingProxyType({**PRIOR.weights, **weights}))


class BlendFile(BaseModel):
    """A learnt blend as a file that people can read.

    Attributes:
        catalogue: whose log it was learnt from.
        model: see :class:`Blend`. ``weights`` likewise.
        people: what it learnt from: the window of time, how many people, and the receipt of differential privacy
            (``None``: there is none).
        training: settings, and what was measured on people held out.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    kind: Literal["blend"] = "blend"
    catalogue: str
    model: float = Field(ge=-100.0, le=100.0)
    weights: dict[str, float]
    people: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)

    @property
    def blend(self) -> Blend:
        """As it is used."""
        return Blend(self.model, MappingProxyType(dict(self.weights)))


def read_blend(path: Path) -> Blend:
    """Read what :class:`BlendFile` describes.

    Raises:
        ModelError: it cannot be read, or has another form; names the field.
    """
    try:
        found = BlendFile.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"blend: {path} cannot be read ({type(error).__name__})") from error
    except ValidationError as error:
        raise ModelError(f"blend: {path}: {first_fault(error)}") from error
    unknown = sorted(set(found.weights) - set(WEIGHTS))
    if unknown:
        raise ModelError(f"blend: {path}: weights: there is no live signal {unknown[0]!r}")
    return found.blend


def logit(score: float) -> float:
    """Of a score, cut to ``EDGE..1 - EDGE``."""
    chance = min(max(score, EDGE), 1.0 - EDGE)
    return math.log(chance / (1.0 - chance))


def contributions(signals: Mapping[str, float], blend: Blend = PRIOR) -> dict[str, float]:
    """What each known live signal adds to the logit."""
    return {name: weight * (signals[name] - NEUTRAL) for name, weight in blend.weights.items() if name in signals}


def blended(ranking: Ranking, candidates: Sequence[Candidate], blend: Blend = PRIOR) -> Ranking:
    """A ranking with the live signals of its candidates in it.

    Args:
        ranking: of ``candidates``; its scores are taken as probabilities.
        candidates: the window that was ranked, in its order.
        blend: how the two become one.

    Returns:
        Every candidate once, by the new score (0..1), ties by id.
    """
    items = []
    for item in ranking.items:
        moved = blend.model * logit(item.score) + sum(contributions(candidates[item.position].signals, blend).values())
        items.append(Scored(item.id, item.position, _sigmoid(moved)))
    items.sort(key=lambda item: (-item.score, item.id))
    return Ranking(tuple(items), ranking.model, ranking.degraded, ranking.read)


def shortlist(candidates: Sequence[Candidate], size: int, blend: Blend = PRIOR) -> list[Candidate]:
    """The best candidates by the first stage and the live signals together: what is worth reading."""
    best = blended(first_stage(candidates), candidates, blend).items[:size]
    return [candidates[item.position] for item in best]


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(value, -700.0), 700.0)))
