"""What the ranker is given and what it answers: values only, no engine, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SIGNALS: tuple[str, ...] = (
    "bm25",
    "text_vector",
    "image_vector",
    "behaviour",
    "profile",
    "session",
    "price",
    "popularity",
    "recency",
)
"""The signals that a ranker knows, in the order of the model's input.

Raw units: ``bm25`` Lucene's score (0 and up), ``text_vector`` and ``image_vector`` cosine (-1 to 1), ``behaviour`` a
smoothed rate beside the catalogue's mean (0 to 1, 0.5 is the mean), ``profile`` and ``session`` affinities of a person
and of a visit (0 to 1, 0.5 is neutral), ``price`` in the catalogue's currency (above 0), ``popularity`` the logarithm
of how often it was rated, times how well (0 and up), ``recency`` 2^(-age / half-life) (0 to 1).
A name that is missing from a candidate means "not known", which is not 0.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item to be ranked.

    Attributes:
        id: the item's id, unique in its window; ties are broken by it.
        text: what the cross-encoder reads; ``None`` where only signals are known.
        signals: raw signal values by name, see :data:`SIGNALS`.
        vector: unit vector of its text, by the same encoder as the rest of the window; ``None`` where not known.
        categories: names of its category, of all levels, as they compare; empty where not known.
    """

    id: str
    text: str | None
    signals: Mapping[str, float] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scored:
    """One item with its place.

    Attributes:
        id: the candidate's id.
        position: the candidate's place in the list that was given, from 0.
        score: comparable within one window only; higher is better.
    """

    id: str
    position: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """A window in its new order.

    Attributes:
        items: best first, every candidate exactly once.
        model: name of the model that scored, or ``"first_stage"``.
        degraded: why the model's order could not be given (``"budget"``, ``"model_error"``), or ``None``.
        read: how many candidates the cross-encoder read.
    """

    items: tuple[Scored, ...]
    model: str
    degraded: str | None
    read: int
